package fetch

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSizeClasses(t *testing.T) {
	last, lastSize := 0, 0
	for n := 1; n <= 5<<20; n++ {
		class, size := sizeClass(n)
		if size < n || n > smallest && size > n+n/4 {
			t.Fatalf("%d bytes for %d", size, n)
		}
		if class != last && (class != last+1 || n != lastSize+1) {
			t.Fatalf("%d bytes are of class %d, one less of class %d up to %d", n, class, last, lastSize)
		}
		if size > lastSize || class == sizeClasses {
			last, lastSize = class, size
		}
		if class == sizeClasses && (n <= 1<<largestBits || size != n) {
			t.Fatalf("%d bytes have no class", n)
		}
		if n > 1<<largestBits+10 {
			break
		}
	}
}

// The counts match the buffers, and spare buffers make room.
func TestPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pool{max: 1 << 20}
		var taken [][]byte
		reserved := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				n := rapid.IntRange(1, 5<<20).Draw(t, "bytes")
				b := p.take(n)
				if len(b) != n {
					t.Fatalf("%d bytes, asked for %d", len(b), n)
				}
				b[0], b[n-1] = 1, 1
				taken = append(taken, b)
			},
			"put": func(t *rapid.T) {
				if len(taken) > 0 {
					i := rapid.IntRange(0, len(taken)-1).Draw(t, "which")
					p.put(taken[i])
					taken = append(taken[:i], taken[i+1:]...)
				}
			},
			"reserve": func(t *rapid.T) {
				n := rapid.Int64Range(0, 1<<19).Draw(t, "bytes")
				p.reserve(n)
				reserved += n
			},
			"": func(t *rapid.T) {
				held, spare := int64(0), int64(0)
				for _, b := range taken {
					held += int64(cap(b))
				}
				for _, list := range p.free {
					for _, b := range list {
						spare += int64(cap(b))
					}
				}
				if held != p.held || spare != p.spare || p.reserved != reserved || p.room() != p.max-held-reserved {
					t.Fatalf("held %d, spare %d, reserved %d: counted %d, %d, %d", held, spare, reserved, p.held, p.spare, p.reserved)
				}
				if spare > 0 && held+spare+reserved > p.max {
					t.Fatalf("%d held, %d reserved, and %d spare", held, reserved, spare)
				}
			},
		})
	})
}

// A buffer is reused for sizes that fit, but not for much smaller ones.
func TestPool_ReusesMemory(t *testing.T) {
	p := pool{max: 1 << 20}
	b := p.take(100_000)
	p.put(b)
	if small := p.take(1000); &small[:1][0] == &b[0] {
		t.Error("a large buffer was given for little")
	}
	if again := p.take(90_000); &again[0] != &b[0] {
		t.Error("the buffer wasn't used again")
	}
}
