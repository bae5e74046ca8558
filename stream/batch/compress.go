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
	errCodec  = errors.New("unknown codec")
	errSnappy = errors.New("malformed")
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
