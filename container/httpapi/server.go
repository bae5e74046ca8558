package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi/certs"
	"github.com/gretestream/grete/container/httpapi/limit"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// Config says what to serve, where, and to whom.
type Config struct {
	Address string // HOST:PORT to listen on; empty: a free port of the loopback interface
	// Advertise is the HOST:PORT at which others find the server; empty: where it listens,
	// or, if that is all addresses of this machine, its first address, or else its name.
	Advertise string
	// Tokens are those of the job. All requests must be signed with one of them, or bear it,
	// except for health and readiness. Without tokens, the server listens on the loopback
	// interface only. ReadTokens are for requests of the metrics and the job; they don't sign.
	Tokens, ReadTokens signed.Tokens
	// Local means that the tokens are those of the user who runs this process, for requests
	// on this machine: the job and the metrics are then served without one. TokenFile is the
	// file with the tokens, for messages.
	Local     bool
	TokenFile string

	// Certificate is that of the server, and Peers verifies other processes; nil: requests
	// and responses aren't encrypted.
	Certificate *certs.Server
	Peers       *certs.Client

	Plan     *scheduler.Plan
	Cluster  string          // id of the Kafka cluster or the embedded log
	Serdes   *serde.Registry // of the app; nil: the built-in ones
	Registry *metrics.Registry
	Readers  *container.Readers
	Build    metrics.Build

	// Owners knows the other processes of the job; nil: there are none. Requests for their
	// tasks are forwarded to them, signed with the token.
	Owners Owners
	// MoveRequests are the requests for tasks to the containers of this process; nil: the
	// assignment is fixed.
	MoveRequests *membership.MoveRequests
	// Hold belongs to the containers of this process. Stop makes the process leave its groups
	// and end, soon. Leave makes it leave them if it ends before a time. Both may be called
	// several times, and concurrently. nil: this process doesn't support it.
	Hold  *membership.Hold
	Stop  func()
	Leave func(until time.Time)
	// PeerTimeout bounds how long a request waits for other processes; 0 means 3 s.
	PeerTimeout time.Duration
	// Queries is the number of concurrent requests for the job or a store, and the same
	// again for forwarded ones; 0 means 64. Further requests are refused, to be retried.
	// Health and readiness aren't counted. An eighth of them may wait for each other process.
	Queries int

	derived bool // Advertise wasn't set
}

// ErrNoToken means that an address that other machines can reach needs a token.
var ErrNoToken = errors.New("other machines can reach it, and there is no token")

// A Server serves a job until it is closed.
type Server struct {
	listener net.Listener
	conns    *limit.Connections
	asked    *server
	answers  atomic.Pointer[http.Handler] // by the newest plan
	guessed  string                       // how the advertised address was found, if neither set nor listened on
	http     *http.Server
	done     chan struct{}
	err      error // of Serve, once done is closed
}

// Listen starts a server. The caller owns it, and closes it.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("serving HTTP on %s: %w", cfg.Address, err)
	}
	if at, ok := listener.Addr().(*net.TCPAddr); (len(cfg.Tokens) == 0 || cfg.Local) && (!ok || !at.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("serving HTTP on %s: %w", cfg.Address, ErrNoToken), listener.Close())
	}
	guessed := ""
	if cfg.Advertise == "" {
		cfg.Advertise, guessed = advertised(listener.Addr())
		cfg.derived = true
	}
	s := serve(listener, newServer(cfg))
	s.guessed = guessed
	return s, nil
}

// Bounds of connections. A process has a thousand files by default, and needs most of them
// for its state.
const (
	maxConnections = 256
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = time.Minute
)

// serve bounds how many connections there are, and how long they take, so that clients that
// are stuck don't pile up.
func serve(listener net.Listener, asked *server) *Server {
	s := &Server{listener: listener, asked: asked, conns: limit.NewConnections(listener, maxConnections), done: make(chan struct{})}
	s.answerBy(asked)
	s.http = &http.Server{
		Handler:        http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.answers.Load()).ServeHTTP(w, r) }),
		MaxHeaderBytes: 64 << 10, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ConnContext: s.conns.Context, ConnState: s.conns.State,
		ErrorLog: log.New(io.Discard, "", 0), // what clients do wrong isn't the user's business
	}
	accepting := net.Listener(s.conns)
	if asked.cfg.Certificate != nil {
		accepting = tls.NewListener(accepting, asked.cfg.Certificate.Config())
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(accepting); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s
}

func (s *Server) answerBy(asked *server) {
	h := asked.handler()
	s.answers.Store(&h)
}

// Follow serves requests by another plan of the job from now on.
func (s *Server) Follow(plan *scheduler.Plan) { s.answerBy(s.asked.by(plan)) }

// URL is the address of the server, without a path.
func (s *Server) URL() string {
	scheme := "http://"
	if s.asked.cfg.Certificate != nil {
		scheme = "https://"
	}
	if onAll(s.listener.Addr()) {
		return scheme + s.asked.cfg.Advertise
	}
	return scheme + s.listener.Addr().String()
}

// Advertised is the HOST:PORT at which others find the server. If it was neither set nor is
// listened on, guessed says in words what of this machine was taken: it may be wrong.
func (s *Server) Advertised() (address, guessed string) { return s.asked.cfg.Advertise, s.guessed }

// Close waits for the requests that are being served until ctx is done, ends them, and waits
// until the server has stopped. A client that is slow isn't an error.
func (s *Server) Close(ctx context.Context) error {
	closing := make(chan error, 1)
	go func() { closing <- s.http.Shutdown(ctx) }()
	s.conns.CloseIdle() // also those that haven't sent a request
	err := <-closing
	if err != nil {
		if errors.Is(err, ctx.Err()) {
			err = nil
		}
		err = errors.Join(err, s.http.Close())
	}
	if err != nil {
		err = fmt.Errorf("stopping the HTTP server: %w", err)
	}
	<-s.done
	s.asked.peers.close()
	return errors.Join(err, s.err)
}
