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

// A Codec is the compression of a batch's records. The values are Kafka's.
type Codec int16

// The codecs.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

// String returns Kafka's name of the codec.
func (c Codec) String() string {
	if names := [...]string{"none", "gzip", "snappy", "lz4", "zstd"}; c >= 0 && int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("codec %d", int16(c))
}

var (
	errCodec    = errors.New("unknown codec")
	errTooLarge = errors.New("larger than the limit")
	errSnappy   = errors.New("malformed")
)

// Snappy is framed in the format of the Java library, which every client reads.
const (
	xerialHeader = "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
	xerialBlock  = 32 << 10
	// snappyRatio is greater than any compression ratio of snappy.
	snappyRatio = 64
)

// A Compressor keeps the codecs' buffers between batches, up to a megabyte. Its zero
// value is ready to use. It belongs to one goroutine.
type Compressor struct {
	out  bytes.Buffer
	buf  []byte
	gzip *gzip.Writer
	lz4  *lz4.Writer
	zstd *zstd.Encoder
}

// compress returns src compressed. The result is valid until the next call.
func (c *Compressor) compress(codec Codec, src []byte) ([]byte, error) {
	c.out.Reset()
	switch codec {
	case Gzip:
		if c.gzip == nil {
			c.gzip = gzip.NewWriter(nil)
		}
		c.gzip.Reset(&c.out)
		return c.through(c.gzip, src)
	case LZ4:
		if c.lz4 == nil {
			// Readers allocate a block, which is 4 MiB by default. Java uses 64 KiB too.
			c.lz4 = lz4.NewWriter(nil)
			if err := c.lz4.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
				return nil, err
			}
		}
		c.lz4.Reset(&c.out)
		return c.through(c.lz4, src)
	case Snappy:
		return c.snappy(src), nil
	case Zstd:
		if c.zstd == nil {
			var err error
			if c.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
				return nil, err
			}
		}
		c.buf = c.zstd.EncodeAll(src, c.buf[:0])
		return c.buf, nil
	}
	return nil, errCodec
}

func (c *Compressor) through(w io.WriteCloser, src []byte) ([]byte, error) {
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return c.out.Bytes(), nil
}

func (c *Compressor) snappy(src []byte) []byte {
	dst := append(c.buf[:0], xerialHeader...)
	for block := range slices.Chunk(src, xerialBlock) {
		at := len(dst)
		dst = slices.Grow(dst, 4+snappy.MaxEncodedLen(len(block)))
		p := snappy.Encode(dst[at+4:cap(dst)], block)
		binary.BigEndian.PutUint32(dst[at:at+4], uint32(len(p)))
		dst = dst[:at+4+len(p)]
	}
	c.buf = dst
	return dst
}

// A Decompressor keeps the codecs' buffers between batches, up to a few MiB. Its
// zero value is ready to use. It belongs to one goroutine.
type Decompressor struct {
	src   bytes.Reader
	gzip  *gzip.Reader
	lz4   *lz4.Reader
	zstd  *zstd.Decoder
	limit int // limit of zstd
}

// decompress decompresses src into dst, which is empty and grows as needed. A result
// of more than limit bytes is an error.
func (d *Decompressor) decompress(dst []byte, codec Codec, src []byte, limit int) ([]byte, error) {
	d.src.Reset(src)
	defer d.src.Reset(nil)
	switch codec {
	case Gzip:
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		if err := d.gzip.Reset(&d.src); err != nil {
			return nil, err
		}
		return readAll(dst, d.gzip, len(src), limit)
	case LZ4:
		if d.lz4 == nil {
			d.lz4 = lz4.NewReader(nil)
		}
		d.lz4.Reset(&d.src)
		return readAll(dst, d.lz4, len(src), limit)
	case Snappy:
		return unsnappy(dst, src, limit)
	case Zstd:
		return d.unzstd(dst, src, limit)
	}
	return nil, errCodec
}

// readAll reads r to its end. The buffer's size starts with a guess based on the
// compressed size and grows with the bytes read. No field of the input determines
// an allocation.
func readAll(dst []byte, r io.Reader, packed, limit int) ([]byte, error) {
	dst = slices.Grow(dst, min(4*packed+512, limit+1))
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, 512)
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), limit+1)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return nil, err
		}
	}
}

// unsnappy decompresses both framed and raw snappy.
func unsnappy(dst, src []byte, limit int) ([]byte, error) {
	const magic, header = 8, len(xerialHeader)
	if len(src) < header || string(src[:magic]) != xerialHeader[:magic] {
		return unsnappyBlock(dst, src, limit)
	}
	src = src[header:]
	for len(src) > 0 {
		if len(src) < 4 {
			return nil, errSnappy
		}
		size := binary.BigEndian.Uint32(src)
		if uint64(size) > uint64(len(src)-4) {
			return nil, errSnappy
		}
		var err error
		if dst, err = unsnappyBlock(dst, src[4:4+size], limit-len(dst)); err != nil {
			return nil, err
		}
		src = src[4+size:]
	}
	return dst, nil
}

func unsnappyBlock(dst, src []byte, limit int) ([]byte, error) {
	size, err := snappy.DecodedLen(src)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, errTooLarge
	}
	if size > snappyRatio*len(src) {
		return nil, errSnappy
	}
	dst = slices.Grow(dst, size)
	p, err := snappy.Decode(dst[len(dst):len(dst)+size], src)
	if err != nil {
		return nil, err
	}
	return dst[:len(dst)+len(p)], nil
}

// unzstd decompresses zstd. It may allocate the size that a frame declares, up to
// the limit.
func (d *Decompressor) unzstd(dst, src []byte, limit int) ([]byte, error) {
	if d.zstd == nil || d.limit != limit {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(max(limit, 1))), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		d.zstd, d.limit = z, limit
	}
	return d.zstd.DecodeAll(src, dst)
}

// maxWindow is the default maximum of the zstd command.
const maxWindow = 8 << 20
