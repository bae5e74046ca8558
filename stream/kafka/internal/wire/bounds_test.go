package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/harnesstest"
)

// Lengths that an answer doesn't have fail it at once, in little memory.
func TestDecode_RefusesLengths(t *testing.T) {
	const huge = "\x7f\xff\xff\xf0"
	for name, test := range map[string]struct {
		req  Request
		size uint32 // that the answer claims
		body string
	}{
		"members of a group":     {&JoinGroup{}, 1 << 31, ""},
		"an array":               {&JoinGroup{}, 1<<31 - 1, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + huge},
		"a negative array":       {&DeleteRecords{}, 100, "\x00\x00\x00\x00\xff\xff\xff\x00"},
		"bytes":                  {&SyncGroup{}, 1<<31 - 1, "\x00\x00\x00\x00\x00\x00" + huge},
		"a compact string":       {&Metadata{}, 1<<31 - 1, "\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\x07"},
		"a compact array":        {&Metadata{}, 1<<31 - 1, "\x00\x00\x00\x00\x00\xff\xff\xff\xff\x07"},
		"a number of ten bytes":  {&Metadata{}, 100, "\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
		"aborted transactions":   {&Fetch{}, 1<<31 - 1, string(make([]byte, 10)) + "\x00\x00\x00\x01\x00\x01t\x00\x00\x00\x01" + string(make([]byte, 30)) + huge},
		"tags of the header":     {&OffsetFetch{}, 1<<31 - 1, "\xff\xff\xff\xff\x07"},
		"more than an array has": {&DescribeGroup{}, 60, "\x00\x00\x00\x00\x00\x00\x00\x30"},
	} {
		t.Run(name, func(t *testing.T) {
			frame := binary.BigEndian.AppendUint32(nil, test.size)
			frame = append(binary.BigEndian.AppendUint32(frame, 7), test.body...)
			harnesstest.Frugal(t, len(test.body), 1, func() {
				if err := Exchange(&broken{frame}, 7, "client", test.req); err == nil {
					t.Error("no error")
				}
			})
		})
	}
}

// A broken broker has sent some bytes. After them, zeros come forever.
type broken struct{ frame []byte }

func (*broken) Write(p []byte) (int, error) { return len(p), nil }

func (b *broken) Read(p []byte) (int, error) {
	if len(b.frame) == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b.frame)
	b.frame = b.frame[n:]
	return n, nil
}

// An answer may have more bytes of fields than any cluster has, but is then refused.
func TestDecode_BoundsFields(t *testing.T) {
	for size, want := range map[int]error{maxAnswer / 2: nil, maxAnswer: errLarge} {
		frame := binary.BigEndian.AppendUint32(nil, uint32(14+size))
		frame = append(binary.BigEndian.AppendUint32(frame, 7), make([]byte, 6)...)
		frame = append(binary.BigEndian.AppendUint32(frame, uint32(size)), make([]byte, size)...)
		s := &SyncGroup{}
		if err := Exchange(&broken{frame}, 7, "client", s); !errors.Is(err, want) || want == nil && len(s.Answer.Assignment) != size {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
	}
}

// Of a batch that is too large the header is kept, of an answer that is too large nothing.
func TestFetch_BoundsRecords(t *testing.T) {
	head := func(size int) []byte {
		b := make([]byte, batch.HeaderSize)
		binary.BigEndian.PutUint32(b[8:], uint32(size-12))
		b[16] = 2 // the format
		return b
	}
	for name, test := range map[string]struct {
		sizes []int // of the partitions' records
		first []byte
		want  []int
	}{
		"a large batch":       {[]int{100 << 20, 100}, head(100 << 20), []int{100 << 20, 100}},
		"too large a batch":   {[]int{batch.Limit + 1, 100}, head(batch.Limit + 1), []int{batch.HeaderSize, 100}},
		"many small batches":  {[]int{batch.Limit + 1}, head(1000), []int{batch.Limit}},
		"no batch":            {[]int{batch.Limit + 1}, make([]byte, batch.HeaderSize), []int{batch.HeaderSize}},
		"more than requested": {[]int{100 << 20, 30 << 20, 1000}, head(1000), []int{100 << 20, 0, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			var parts []io.Reader
			total := 10 + 4 + 3 + 4
			for i, size := range test.sizes {
				fields := make([]byte, 4+2+8+8+8+4+4+4)
				fields[3] = byte(i)
				binary.BigEndian.PutUint32(fields[38:], uint32(size))
				records := io.LimitReader(zeros{}, int64(size))
				if i == 0 {
					records = io.MultiReader(bytes.NewReader(test.first), io.LimitReader(zeros{}, int64(size-len(test.first))))
				}
				parts = append(parts, bytes.NewReader(fields), records)
				total += len(fields) + size
			}
			head := binary.BigEndian.AppendUint32(nil, uint32(total+4))
			head = append(append(binary.BigEndian.AppendUint32(head, 7), make([]byte, 10)...), "\x00\x00\x00\x01\x00\x01t\x00\x00\x00"...)
			head = append(head, byte(len(test.sizes)))
			f := &Fetch{MaxBytes: 1 << 20, Take: func(n int) []byte { return make([]byte, n) }}
			err := Exchange(struct {
				io.Reader
				io.Writer
			}{io.MultiReader(append([]io.Reader{bytes.NewReader(head)}, parts...)...), io.Discard}, 7, "client", f)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range f.Answer.Partitions {
				if len(p.Records) != test.want[i] || i == 0 && len(p.Records) > 0 && !bytes.Equal(p.Records[:batch.HeaderSize], test.first) {
					t.Errorf("partition %d has %d bytes, want %d", i, len(p.Records), test.want[i])
				}
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Whatever a broker sends, no request reads beyond the answer's own size, takes memory for
// which the answer has no bytes, or goes on forever.
func FuzzAnswers(f *testing.F) {
	answers := []kmsg.Response{fetchAnswer(), kmsg.NewPtrProduceResponse(), kmsg.NewPtrOffsetFetchResponse(), kmsg.NewPtrDeleteRecordsResponse(), metadataAnswer(), joinAnswer(), describeAnswer()}
	for i, v := range []int16{11, 8, 7, 1, 10, 5, 4} {
		answers[i].SetVersion(v)
		f.Add(i, answers[i].AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		taken := 0
		requests := []Request{
			&Fetch{Take: func(n int) []byte { taken += n; return make([]byte, n) }}, &Produce{}, &OffsetFetch{}, &DeleteRecords{}, &Metadata{},
			&JoinGroup{}, &DescribeGroup{}, &SyncGroup{}, &Heartbeat{}, &LeaveGroup{},
		}
		req := requests[uint(kind)%uint(len(requests))]
		frame := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
		frame = append(binary.BigEndian.AppendUint32(frame, 7), body...)
		src := bytes.NewReader(append(frame, "of the next answer"...))
		var err error
		harnesstest.Frugal(t, len(body), 64, func() {
			err = Exchange(struct {
				io.Reader
				io.Writer
			}{src, io.Discard}, 7, "client", req)
		})
		if left := src.Len(); left < len("of the next answer") || err == nil && left > len("of the next answer") {
			t.Errorf("%d bytes are left: %v", left, err)
		}
		if taken > len(body) {
			t.Errorf("%d bytes were taken for an answer of %d", taken, len(body))
		}
	})
}
