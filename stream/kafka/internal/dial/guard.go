package dial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/segmentio/kafka-go/protocol"
)

// A guard is a connection whose answers are checked before kafka-go decodes them: it would
// allocate whatever number of elements an answer claims, and panic at some. Answers to
// requests of package wire pass unread. One goroutine uses it.
type guard struct {
	net.Conn
	shapes *shapes

	waiting bool // for the answer to the last request
	request header
	answer  []byte // what is left of an answer that was checked
}

// A header is the beginning of a request.
type header struct {
	key     protocol.ApiKey
	version int16
}

// maxAnswer bounds an answer, in bytes. The metadata of 200,000 partitions has a third of
// it.
const maxAnswer = 32 << 20

var errNoRequest = errors.New("not the beginning of a request")

// Write notes which request is sent. The beginning of a request is written in one piece.
func (g *guard) Write(p []byte) (int, error) {
	if !g.waiting {
		if len(p) < 8 {
			return 0, errNoRequest
		}
		g.request = header{protocol.ApiKey(binary.BigEndian.Uint16(p[4:])), int16(binary.BigEndian.Uint16(p[6:]))}
		g.waiting = true
	}
	return g.Conn.Write(p)
}

func (g *guard) Read(p []byte) (int, error) {
	if g.waiting {
		g.waiting = false
		if s := g.shapes.of(g.request); s != nil {
			var err error
			if g.answer, err = readAnswer(g.Conn, maxAnswer); err == nil {
				err = s.check(g.answer, g.request)
			}
			if err != nil {
				return 0, err
			}
		}
	}
	if len(g.answer) > 0 {
		n := copy(p, g.answer)
		g.answer = g.answer[n:]
		return n, nil
	}
	return g.Conn.Read(p)
}

// readAnswer reads an answer with its size. Memory grows with what arrives.
func readAnswer(src io.Reader, limit int) ([]byte, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, src, 4); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(b.Bytes()))
	if size < 0 || int(size) > limit {
		return nil, fmt.Errorf("the broker's answer has %d bytes; at most %d are possible", size, limit)
	}
	if _, err := io.CopyN(&b, src, int64(size)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
