package feed

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A content is the text of a file: without compression, and known to be UTF-8 or binary.
type content struct {
	lines      *bufio.Reader
	compressed bool
	decoder    io.Closer // nil: none
	file       io.Closer
}

// Close closes the file and its decoder. The decoder has nothing to say that reading hasn't.
func (c *content) Close() error {
	if c.decoder != nil {
		_ = c.decoder.Close()
	}
	return c.file.Close()
}

const (
	bufferBytes = 1 << 18
	// zstdWindow bounds the memory that a file can make its decoder use.
	zstdWindow = 128 << 20

	byteOrderMark = "\xef\xbb\xbf"
)

// newContent looks at how the bytes of a file begin. It closes nothing if it fails.
func newContent(in io.Reader, closer io.Closer) (content, error) {
	c := content{lines: bufio.NewReaderSize(in, bufferBytes), file: closer}
	kind := begins(c.lines)
	decoder, err := decode(c.lines, kind)
	if decoder == nil || err != nil {
		return c, err
	}
	c.lines, c.compressed = bufio.NewReaderSize(explained{decoder, kind}, bufferBytes), true
	c.decoder = decoder
	if inner := begins(c.lines); inner != "" {
		_ = decoder.Close()
		return c, fmt.Errorf("in it is another file, in %s: unpack it first", inner)
	}
	return c, nil
}

// decode returns a decoder for a kind of file; nil if it needs none.
func decode(r io.Reader, kind string) (io.ReadCloser, error) {
	switch kind {
	case "":
		return nil, nil
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, damaged(kind, err)
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, damaged(kind, err)
		}
		return z.IOReadCloser(), nil
	case "UTF-16", "UTF-32":
		return nil, fmt.Errorf("it is encoded in %s, and must be in UTF-8: convert it, for example with iconv -f %[1]s -t UTF-8", kind)
	}
	return nil, fmt.Errorf("it is compressed by %s: decompress it first; only gzip and zstd are read as they are", kind)
}

func damaged(kind string, err error) error {
	return fmt.Errorf("the %s file is damaged or incomplete: %w", kind, err)
}

// signatures are how files begin that aren't lines of text.
func signatures() []signature {
	return []signature{
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"\xff\xfe\x00\x00", "UTF-32"},
		{"\x00\x00\xfe\xff", "UTF-32"},
		{"\xff\xfe", "UTF-16"},
		{"\xfe\xff", "UTF-16"},
		{"{\x00", "UTF-16"},
		{"\x00{", "UTF-16"},
		{"\xfd7zXZ\x00", "xz"},
		{"BZh91AY&SY", "bzip2"},
		{"PK\x03\x04", "zip"},
		{"\x04\x22\x4d\x18", "lz4"},
	}
}

type signature struct{ begin, kind string }

// begins names what a file is by how it begins; empty: lines of text. Of a stream it waits
// for no byte more than it needs.
func begins(r *bufio.Reader) string {
	for _, s := range signatures() {
		for n := 1; ; n++ {
			b, _ := r.Peek(n)
			if len(b) < n || b[n-1] != s.begin[n-1] {
				break
			}
			if n == len(s.begin) {
				return s.kind
			}
		}
	}
	return ""
}

// An explained reader says of what kind a file is that can't be read.
type explained struct {
	io.Reader
	kind string
}

func (e explained) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(e.kind, err)
	}
	return n, err
}
