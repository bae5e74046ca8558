package batch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// ErrTooLarge: a batch, or a record in it, is larger than any that is read. The error also
// wraps [ErrCorrupt].
var ErrTooLarge = errors.New("too large")

// A Decompressor keeps the codecs' buffers between batches, up to 10 MiB. Its zero value is
// ready to use. It belongs to one goroutine.
type Decompressor struct {
	src        bytes.Reader
	gzip       *gzip.Reader
	lz4        *lz4.Reader
	zstd       *zstd.Decoder // for batches in one piece
	zstdStream *zstd.Decoder // waits for a stream to end, so that it is another
	scratch    []byte
}

// A starvedError says how much memory a batch needs that is larger than the budget.
type starvedError struct{ need int }

func (e *starvedError) Error() string { return fmt.Sprintf("it needs %d bytes of memory", e.need) }

// A space is the memory for a decompressed batch.
type space struct {
	limit  int // beyond it the batch is an error
	budget int // beyond it the batch is a *starvedError, and takes no memory
	need   int // its size, if it is known; else 0
}

// check returns an error unless a batch of so many bytes fits.
func (s space) check(size int) error {
	switch {
	case size > s.limit:
		return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.limit)
	case size > s.budget:
		return &starvedError{size}
	}
	return nil
}

// decompress decompresses src into dst, which is empty and grows as needed. A batch doesn't
// say how large it is: memory grows with what was decompressed, never with what a field of
// src claims.
func (d *Decompressor) decompress(dst []byte, codec Codec, src []byte, in space) ([]byte, error) {
	defer d.src.Reset(nil)
	if codec == Snappy {
		return unsnappy(dst, src, in)
	}
	if most := min(in.limit, in.budget); cap(dst) > most {
		dst = dst[:0:max(most, 0)]
	}
	dst = slices.Grow(dst, max(0, min(max(in.need, 4*len(src)+512), in.limit, in.budget)))
	if codec == Zstd {
		if p, ok, err := d.unzstd(dst, src); ok || err != nil {
			return p, err
		}
	}
	return d.stream(dst, codec, src, in)
}

// open returns a stream of the decompressed bytes.
func (d *Decompressor) open(codec Codec, src []byte) (io.Reader, error) {
	d.src.Reset(src)
	switch codec {
	case Gzip:
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		return d.gzip, d.gzip.Reset(&d.src)
	case LZ4:
		if d.lz4 == nil {
			d.lz4 = lz4.NewReader(nil)
		}
		d.lz4.Reset(&d.src)
		return d.lz4, nil
	case Zstd:
		if d.zstdStream == nil {
			var err error
			if d.zstdStream, err = newZstd(); err != nil {
				return nil, err
			}
		}
		return d.zstdStream, d.zstdStream.Reset(&d.src)
	}
	return nil, errCodec
}

// measured is the size from which a batch is measured before it gets more memory. Smaller
// ones double theirs.
const measured = 256 << 10

// stream decompresses as a stream. A large batch that doesn't fit into the memory of dst is
// decompressed twice: first to measure it.
func (d *Decompressor) stream(dst []byte, codec Codec, src []byte, in space) ([]byte, error) {
	for {
		r, err := d.open(codec, src)
		if err != nil {
			return nil, err
		}
		dst, err = readFull(r, dst[:0])
		if !errors.Is(err, errFull) {
			return dst, err
		}
		size, err := d.measure(r, len(dst), in)
		if err != nil {
			return nil, err
		}
		if size == len(dst) {
			return dst, nil
		}
		dst = slices.Grow(dst[:0], size)
	}
}

// measure returns the size that the memory of a batch must have at least, if its first n
// bytes were read from r.
func (d *Decompressor) measure(r io.Reader, n int, in space) (int, error) {
	if d.scratch == nil {
		d.scratch = make([]byte, 32<<10)
	}
	first := n
	for {
		k, err := r.Read(d.scratch)
		n += k
		if n > first && n < measured && in.check(2*first) == nil {
			return max(n, 2*first), nil // small: not worth a second pass
		}
		if n > in.limit {
			return 0, in.check(n)
		}
		if errors.Is(err, io.EOF) {
			return n, in.check(n)
		}
		if err != nil {
			return 0, err
		}
	}
}

var errFull = errors.New("the memory is full")

// readFull reads r to its end, or until the memory of dst is full.
func readFull(r io.Reader, dst []byte) ([]byte, error) {
	for len(dst) < cap(dst) {
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return dst, errFull
}

// unsnappy decompresses both framed and raw snappy. All of its blocks say how large they
// are, and can't be larger than snappyRatio allows.
func unsnappy(dst, src []byte, in space) ([]byte, error) {
	size := 0
	err := snappyBlocks(src, func(block []byte) error {
		n, err := snappy.DecodedLen(block)
		if err == nil && n > snappyRatio*len(block) {
			err = errSnappy
		}
		size += n
		return err
	})
	if err == nil {
		err = in.check(size)
	}
	if err != nil {
		return nil, err
	}
	dst = slices.Grow(dst, size)
	err = snappyBlocks(src, func(block []byte) error {
		p, err := snappy.Decode(dst[len(dst):cap(dst)], block)
		dst = dst[:len(dst)+len(p)]
		return err
	})
	return dst, err
}

// snappyBlocks calls f for each block.
func snappyBlocks(src []byte, f func(block []byte) error) error {
	const magic, header = 8, len(xerialHeader)
	if len(src) < header || string(src[:magic]) != xerialHeader[:magic] {
		return f(src)
	}
	for src = src[header:]; len(src) > 0; {
		if len(src) < 4 {
			return errSnappy
		}
		size := binary.BigEndian.Uint32(src)
		if uint64(size) > uint64(len(src)-4) {
			return errSnappy
		}
		if err := f(src[4 : 4+size]); err != nil {
			return err
		}
		src = src[4+size:]
	}
	return nil
}

// unzstd decompresses zstd into the memory of dst, which is faster than a stream, and reports
// whether it could. Otherwise the stream tells why: the library has several errors for a
// memory that is too small, some of which damaged bytes have, too.
func (d *Decompressor) unzstd(dst, src []byte) (p []byte, ok bool, err error) {
	if d.zstd == nil {
		if d.zstd, err = newZstd(); err != nil {
			return nil, false, err
		}
	}
	p, failed := d.zstd.DecodeAll(src, dst[:0:cap(dst)])
	return p, failed == nil, nil
}

func newZstd() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(Limit), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeAllCapLimit(true))
}

// maxWindow bounds the memory of a stream of zstd. It is the default maximum of the zstd
// command.
const maxWindow = 8 << 20
