package dial

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A handshaker makes a connection to an address one to a broker that lets us in. It
// does what kafka-go could do, too, for the sake of its errors: each says where
// it happened, and what to do.
type handshaker struct {
	clientID   string
	encryption *tls.Config // nil: none
	login      *Login      // nil: none
	timeout    time.Duration
}

// connect opens a connection and greets the broker. What opened returns is used in
// the connection's place, and is closed in any case.
func (g *handshaker) connect(ctx context.Context, address string, opened func(net.Conn) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.timeout, g.noAnswer())
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &connectError{address, g.dialError(ctx, err)}
	}
	if raw, err = opened(raw); err != nil {
		return nil, &connectError{address, err}
	}
	c, err := g.handshake(ctx, raw, address)
	if err != nil {
		_ = raw.Close() // nothing was said that matters
		return nil, &connectError{address, err}
	}
	return c, nil
}

// dialError is the part of an error that says more than the address.
func (g *handshaker) dialError(ctx context.Context, err error) error {
	if timedOut(ctx, err) {
		return fmt.Errorf("%w; is the address right, and does a firewall let it through?", g.timeoutError(ctx))
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return fmt.Errorf("look %s up: %s", lookup.Name, lookup.Err)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New("nobody listens there (connection refused)")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// timeoutOr is why the time was over, if the error is that.
func (g *handshaker) timeoutOr(ctx context.Context, err error) error {
	if timedOut(ctx, err) {
		return g.timeoutError(ctx)
	}
	return err
}

// timeoutError is why the time is over. A process that stood still may hear of that from the
// connection first.
func (g *handshaker) timeoutError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return g.noAnswer()
}

func (g *handshaker) noAnswer() error { return fmt.Errorf("no answer within %s", g.timeout) }

func timedOut(ctx context.Context, err error) bool {
	var timeout net.Error
	return ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout()
}

// handshake encrypts a connection, hears whether a broker is at its other end, and
// says who we are.
func (g *handshaker) handshake(ctx context.Context, c net.Conn, address string) (net.Conn, error) {
	// The end of ctx is also that of what waits for the connection.
	expired := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer expired()
	if g.encryption != nil {
		encrypted := tls.Client(c, g.serverName(address))
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, g.explain(ctx, err)
		}
		c = encrypted
	}
	talk := conversation{conn: c, clientID: g.clientID}
	if _, err := talk.exchange(0, &apiversions.Request{}); err != nil {
		return nil, g.explain(ctx, err)
	}
	if g.login != nil {
		if err := g.login.run(ctx, &talk); err != nil {
			return nil, fmt.Errorf("log in as %q: %w", g.login.user, g.timeoutOr(ctx, err))
		}
	}
	if !expired() {
		return nil, context.Cause(ctx)
	}
	return c, nil
}

// serverName has the broker prove that it is who we call, if no other name is
// given.
func (g *handshaker) serverName(address string) *tls.Config {
	if g.encryption.ServerName != "" {
		return g.encryption
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	cfg := g.encryption.Clone()
	cfg.ServerName = host
	return cfg
}

// explain says of an error in greeting what to do about it.
func (g *handshaker) explain(ctx context.Context, err error) error {
	var (
		plain     tls.RecordHeaderError
		untrusted *tls.CertificateVerificationError
		unknown   x509.UnknownAuthorityError
		otherName x509.HostnameError
		op        *net.OpError
	)
	switch {
	case kerr.IsRefusal(err):
		return err
	case timedOut(ctx, err):
		return fmt.Errorf("connected, but %w; is that the port of a Kafka broker%s?", g.timeoutError(ctx), g.withTLS())
	case errors.As(err, &plain):
		return kerr.Refuse("who listens there doesn't speak TLS: use the port of the broker's TLS listener, or connect without TLS")
	case errors.As(err, &unknown):
		return kerr.Refuse("the broker's certificate is signed by an authority that isn't trusted here: give the CA's certificate (%w)", err)
	case errors.As(err, &otherName):
		return kerr.Refuse("the broker's certificate is made out to another name: give that as the server name (%w)", err)
	case errors.As(err, &untrusted):
		return kerr.Refuse("the broker's certificate isn't valid: %w", err)
	case errors.As(err, &op) && op.Op == "remote error":
		return kerr.Refuse("the broker breaks TLS off (%w): does it ask for a client certificate, or for another one?", op.Err)
	case isClosed(err):
		if g.encryption != nil {
			return errors.New("the connection was closed at the first words: does the broker speak TLS there?")
		}
		return errors.New("the connection was closed at the first words: does the broker ask for TLS there?")
	}
	return err
}

func (g *handshaker) withTLS() string {
	if g.encryption != nil {
		return " that speaks TLS"
	}
	return ""
}

// isClosed tells that the other side has closed the connection.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// ClosedAfterHandshake tells that a connection was closed that had been greeted.
func ClosedAfterHandshake(err error) bool {
	var connecting *connectError
	return isClosed(err) && !errors.As(err, &connecting)
}

// A conversation is what is said before a connection is anyone's to use.
type conversation struct {
	conn        net.Conn
	clientID    string
	correlation int32
}

// maxHandshakeAnswer is far more than any answer in a dialogue has.
const maxHandshakeAnswer = 1 << 20

// exchange puts one question. Who isn't a broker is found out before its bytes are
// taken for an answer of gigabytes.
func (d *conversation) exchange(version int16, req protocol.Message) (protocol.Message, error) {
	d.correlation++
	if err := protocol.WriteRequest(d.conn, version, d.correlation, d.clientID, req); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(d.conn, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxHandshakeAnswer {
		return nil, notKafka(head)
	}
	frame := make([]byte, len(head)+int(size))
	copy(frame, head[:])
	if _, err := io.ReadFull(d.conn, frame[len(head):]); err != nil {
		return nil, err
	}
	if size < 4 || binary.BigEndian.Uint32(frame[len(head):]) != uint32(d.correlation) {
		return nil, notKafka(head)
	}
	_, answer, err := protocol.ReadResponse(bytes.NewReader(frame), req.ApiKey(), version)
	return answer, err
}

// notKafka tells by its first bytes who else has answered.
func notKafka(head [4]byte) error {
	const alert, version3 = 0x15, 0x03 // of TLS
	switch {
	case string(head[:]) == "HTTP":
		return kerr.Refuse("who listens there speaks HTTP: use the port of a Kafka broker")
	case head[0] == alert && head[1] == version3:
		return kerr.Refuse("the broker asks for TLS there: turn TLS on, or use the port of its plain listener")
	}
	return kerr.Refuse("who listens there doesn't speak Kafka's protocol: use the port of a Kafka broker")
}
