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

// A handshaker turns a connection to an address into one to a broker that accepts us.
// kafka-go could do the same, but its errors wouldn't say at which step it failed and what
// to do.
type handshaker struct {
	clientID   string
	encryption *tls.Config // nil: none
	login      *Login      // nil: none
	timeout    time.Duration
	shapes     shapes
}

// connect opens a connection and shakes hands with the broker. track's result replaces the
// connection, and is closed in any case.
func (g *handshaker) connect(ctx context.Context, address string, track func(net.Conn) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.timeout, g.noAnswer())
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &connectError{address, g.dialError(ctx, err)}
	}
	if raw, err = track(raw); err != nil {
		return nil, &connectError{address, err}
	}
	c, err := g.handshake(ctx, raw, address)
	if err != nil {
		_ = raw.Close()
		return nil, &connectError{address, err}
	}
	return c, nil
}

// dialError keeps the part of the error that says more than the address.
func (g *handshaker) dialError(ctx context.Context, err error) error {
	if timedOut(ctx, err) {
		return fmt.Errorf("%w; is the address right, and does a firewall let it through?", g.timeoutError(ctx))
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return fmt.Errorf("look up %s: %s", lookup.Name, lookup.Err)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New("nothing listens there (connection refused)")
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// timeoutOr replaces err by the timeout if it is one.
func (g *handshaker) timeoutOr(ctx context.Context, err error) error {
	if timedOut(ctx, err) {
		return g.timeoutError(ctx)
	}
	return err
}

// timeoutError says which timeout is over. After a suspension of the process the
// connection may report it before ctx does.
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

// handshake encrypts a connection, makes sure that a broker is at its other end, and
// authenticates.
func (g *handshaker) handshake(ctx context.Context, c net.Conn, address string) (net.Conn, error) {
	// The connection's deadline follows ctx.
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
	talk := conversation{conn: c, clientID: g.clientID, shapes: &g.shapes}
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

// serverName makes the broker prove that it owns the host name that was dialled, unless another name
// is configured.
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

// explain says what to do about an error of the handshake.
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
		return kerr.Refuse("the server there doesn't speak TLS: use the port of the broker's TLS listener, or connect without TLS")
	case errors.As(err, &unknown):
		return kerr.Refuse("the broker's certificate is signed by an authority that isn't trusted here: configure the CA's certificate (%w)", err)
	case errors.As(err, &otherName):
		return kerr.Refuse("the broker's certificate is for another name: set that as the server name (%w)", err)
	case errors.As(err, &untrusted):
		return kerr.Refuse("the broker's certificate isn't valid: %w", err)
	case errors.As(err, &op) && op.Op == "remote error":
		return kerr.Refuse("the broker aborted the TLS handshake (%w): does it require a client certificate, or another one?", op.Err)
	case isClosed(err):
		if g.encryption != nil {
			return errors.New("the connection was closed at once: does the broker speak TLS there?")
		}
		return errors.New("the connection was closed at once: does the broker require TLS there?")
	}
	return err
}

func (g *handshaker) withTLS() string {
	if g.encryption != nil {
		return " that speaks TLS"
	}
	return ""
}

// isClosed reports whether the other side has closed the connection.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// ClosedAfterHandshake reports whether a broker closed a connection after a successful
// handshake.
func ClosedAfterHandshake(err error) bool {
	var connecting *connectError
	return isClosed(err) && !errors.As(err, &connecting)
}

// A conversation exchanges requests on a connection that is not in the pool yet.
type conversation struct {
	conn        net.Conn
	clientID    string
	shapes      *shapes
	correlation int32
}

// maxHandshakeAnswer is far above the size of any answer in a handshake.
const maxHandshakeAnswer = 1 << 20

// exchange sends a request and reads the response. It detects a server of another protocol
// before it takes its bytes for the length of a huge response.
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
	frame, err := readAnswer(io.MultiReader(bytes.NewReader(head[:]), d.conn), maxHandshakeAnswer)
	if err != nil {
		return nil, err
	}
	if size < 4 || binary.BigEndian.Uint32(frame[len(head):]) != uint32(d.correlation) {
		return nil, notKafka(head)
	}
	request := header{req.ApiKey(), version}
	if err := d.shapes.of(request).check(frame, request); err != nil {
		return nil, err
	}
	_, answer, err := protocol.ReadResponse(bytes.NewReader(frame), req.ApiKey(), version)
	return answer, err
}

// notKafka says by its first bytes what kind of server has answered.
func notKafka(head [4]byte) error {
	const alert, version3 = 0x15, 0x03 // of TLS
	switch {
	case string(head[:]) == "HTTP":
		return kerr.Refuse("an HTTP server listens there: use the port of a Kafka broker")
	case head[0] == alert && head[1] == version3:
		return kerr.Refuse("the broker requires TLS there: turn on TLS, or use the port of its plaintext listener")
	}
	return kerr.Refuse("the server there doesn't speak Kafka's protocol: use the port of a Kafka broker")
}
