package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container"
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
	// Health, readiness and metrics aren't counted.
	Queries int

	derived bool // Advertise wasn't set
}

// ErrNoToken means that an address that other machines can reach needs a token.
var ErrNoToken = errors.New("other machines can reach it, and there is no token")

// A Server serves a job until it is closed.
type Server struct {
	listener net.Listener
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

// serve bounds how long a connection may take, so that stuck clients don't pile up.
func serve(listener net.Listener, asked *server) *Server {
	s := &Server{listener: listener, asked: asked, done: make(chan struct{})}
	s.answerBy(asked)
	s.http = &http.Server{
		Handler:        http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.answers.Load()).ServeHTTP(w, r) }),
		MaxHeaderBytes: 64 << 10, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
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
	if onAll(s.listener.Addr()) {
		return "http://" + s.asked.cfg.Advertise
	}
	return "http://" + s.listener.Addr().String()
}

// Advertised is the HOST:PORT at which others find the server. If it was neither set nor is
// listened on, guessed says in words what of this machine was taken: it may be wrong.
func (s *Server) Advertised() (address, guessed string) { return s.asked.cfg.Advertise, s.guessed }

// Close waits for open requests until ctx is done, ends the others, and waits until the
// server has stopped.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stopping the HTTP server: %w", err), s.http.Close())
	}
	<-s.done
	s.asked.peers.close()
	return errors.Join(err, s.err)
}
