package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A Transport is the link to real brokers. It uses the connection pool of kafka-go, with
// one request in flight on a connection.
type Transport struct {
	*link.Threads
	pool        *kafkago.Transport
	brokers     []string // addresses that the user gave
	handshaker  handshaker
	correlation atomic.Int32

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

// dialTimeout covers everything that a new connection takes, TLS and SASL included. Two of
// them fit into the time of Open: kafka-go's own connection comes first.
const dialTimeout = 3 * time.Second

// metadataTTL bounds how long a broker's old address is used.
const metadataTTL = 3 * time.Second

// NewTransport returns a link to a cluster. Without encryption connections are plaintext,
// without login they are not authenticated.
func NewTransport(brokers []string, clientID string, encryption *tls.Config, login *Login) *Transport {
	t := &Transport{
		Threads:    link.NewThreads(),
		brokers:    brokers,
		handshaker: handshaker{clientID: clientID, encryption: encryption, login: login, timeout: dialTimeout},
		open:       make(map[net.Conn]struct{}),
	}
	t.pool = &kafkago.Transport{
		Dial:        t.dial,
		DialTimeout: 2 * dialTimeout, // ours ends first, and says more
		MetadataTTL: metadataTTL,
		// None, rather than all of them: the client's metadata knows where topics are.
		// None rather than all of them: where topics are is cluster's to know.
		MetadataTopics: []string{},
		ClientID:       clientID,
		Context:        t.Context(),
	}
	return t
}

// track remembers a connection, so that Close can end what waits on it.
func (t *Transport) track(c net.Conn) (net.Conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errors.Join(stream.ErrClosed, c.Close())
	}
	t.open[c] = struct{}{}
	return &connection{Conn: c, transport: t}, nil
}

// A connection forgets itself when it is closed.
type connection struct {
	net.Conn
	transport *Transport
}

func (c *connection) Close() error {
	c.transport.mu.Lock()
	delete(c.transport.open, c.Conn)
	c.transport.mu.Unlock()
	return c.Conn.Close()
}

// Exchange implements link.Link.
func (t *Transport) Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error) {
	if t.Context().Err() != nil {
		return nil, stream.ErrClosed
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	c := call{node: node, req: req, clientID: t.handshaker.clientID, correlation: t.correlation.Add(1)}
	_, err := t.pool.RoundTrip(ctx, bootstrap{}, &c)
	if err == nil {
		return c.answer, nil
	}
	return nil, t.exchangeError(ctx, node, timeout, err)
}

// exchangeError says which broker didn't answer, and why.
func (t *Transport) exchangeError(ctx context.Context, node int32, timeout time.Duration, err error) error {
	where := fmt.Sprintf("broker %d", node)
	if node == link.AnyBroker {
		where = strings.Join(t.brokers, ", ")
	}
	var connecting *connectError
	switch {
	case t.Context().Err() != nil:
		err = stream.ErrClosed
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded): // kafka-go sets it by ctx
		err = fmt.Errorf("no answer within %s", timeout)
	case errors.Is(err, kafkago.BrokerNotAvailable):
		err = errors.New("the cluster doesn't list this broker now")
	case errors.As(err, &connecting) && node == link.AnyBroker:
		where = ""
	}
	return &kerr.UnreachableError{Where: where, Err: err}
}

// Close implements link.Link.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	for c := range t.open {
		_ = c.Close() // whatever waits for it ends with an error
	}
	t.mu.Unlock()
	err := t.Threads.Close()
	t.pool.CloseIdleConnections()
	return err
}

// A call sends a request over a connection of kafka-go's pool, to a given broker. kafka-go
// itself would route and encode some requests differently.
type call struct {
	node        int32
	req, answer protocol.Message
	clientID    string
	correlation int32
	version     int16
}

// ApiKey returns Kafka's number of the request.
func (c *call) ApiKey() protocol.ApiKey { return c.req.ApiKey() }

// Broker routes the call.
func (c *call) Broker(protocol.Cluster) (protocol.Broker, error) {
	return protocol.Broker{ID: c.node}, nil
}

// Required makes kafka-go leave the connection to RawExchange.
func (c *call) Required(versions map[protocol.ApiKey]int16) bool {
	c.version = versions[c.req.ApiKey()]
	return true
}

// RawExchange has the connection to itself.
func (c *call) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if own, ok := c.req.(wire.Request); ok {
		c.answer = c.req
		return c, wire.Exchange(rw, c.correlation, c.clientID, own)
	}
	answer, err := protocol.RoundTrip(rw, c.version, c.correlation, c.clientID, c.req)
	c.answer = answer
	return c, err
}
