package wire

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
)

// A Request is encoded by this package. It is its own answer: Exchange sets its response
// fields.
type Request interface {
	protocol.Message
	// version returns the version, and whether it is flexible (has tagged fields).
	version() (v int16, flexible bool)
	encode(w *writer)
	decode(r *reader)
}

// Exchange sends a request over a connection that has no other user, and reads the answer.
// After an error the connection is unusable.
func Exchange(rw io.ReadWriter, correlation int32, clientID string, req Request) error {
	if err := send(rw, correlation, clientID, req); err != nil {
		return err
	}
	r := reader{src: rw, left: 4, room: maxAnswer}
	if r.left = int(r.int32()); r.left < 0 {
		return errLength
	}
	if got := r.int32(); r.err == nil && got != correlation {
		return fmt.Errorf("the broker answers request %d, expected %d", got, correlation)
	}
	if _, flexible := req.version(); flexible {
		r.tags()
	}
	req.decode(&r)
	if r.err == nil && r.left != 0 {
		r.discard(r.left)
	}
	return r.err
}

func send(rw io.Writer, correlation int32, clientID string, req Request) error {
	version, flexible := req.version()
	w := writer{buf: make([]byte, 4, 512)}
	w.int16(int16(req.ApiKey()))
	w.int16(version)
	w.int32(correlation)
	w.string(clientID)
	if flexible {
		w.tags()
	}
	req.encode(&w)
	binary.BigEndian.PutUint32(w.buf, uint32(w.size()-4))
	return w.flush(rw)
}
