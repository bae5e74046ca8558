package loop

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestChooser_AdvancesEventTimeEvenly(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var c chooser
	var partitions []*partition
	for i := range 8 {
		p := &partition{heapIndex: -1, head: rnd.Int64N(1000)}
		p.Partition = int32(i)
		partitions = append(partitions, p)
		c.put(p)
	}
	for range 10_000 {
		p, until := c.choose()
		others := slices.DeleteFunc(slices.Clone(partitions), func(q *partition) bool { return q == p || q.heapIndex < 0 })
		for _, q := range others {
			if c.turn%patience != 0 && (q.head < p.head || until > q.head+slack) {
				t.Fatalf("chose %d until %d, but another is at %d", p.head, until, q.head)
			}
		}
		switch rnd.IntN(10) {
		case 0:
			c.remove(p)
			p.head += rnd.Int64N(100)
			c.put(p)
		default:
			p.head += rnd.Int64N(300)
			c.put(p)
		}
	}
}

func TestChooser_StarvesNoPartition(t *testing.T) {
	var c chooser
	near, far := &partition{heapIndex: -1}, &partition{heapIndex: -1, head: 1 << 50}
	c.put(near)
	c.put(far)
	for range patience {
		if p, _ := c.choose(); p == far {
			return
		}
	}
	t.Fatal("a partition whose record is of the far future was never read")
}

func TestChooser_HighestPriorityFirst(t *testing.T) {
	var c chooser
	low, high := &partition{heapIndex: -1, head: 1}, &partition{heapIndex: -1, head: 1000, priority: 1}
	c.put(low)
	c.put(high)
	p, until := c.choose()
	if p != high || until != IdleTime {
		t.Fatalf("chose priority %d until %d, want the higher one as long as it has records", p.priority, until)
	}
	c.remove(high)
	if p, _ := c.choose(); p != low {
		t.Fatal("the lower priority isn't read when the higher one has no record")
	}
}
