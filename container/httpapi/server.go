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
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// Config is what is served, where, and to whom.
type Config struct {
	Address string // HOST:PORT to listen on; empty: a free port of the loopback interface
	// Advertise is the HOST:PORT at which others find it; empty: where it listens, or, if
	// that is on all addresses of this machine, the first of them, or else its name.
	Advertise string
	// Token is what requests must bear, but for those of health and readiness. Where
	// there is none, nothing but the loopback interface is listened on.
	Token string

	Plan     *scheduler.Plan
	Serdes   *serde.Registry // of the app; nil: the built-in ones
	Registry *metrics.Registry
	Readers  *container.Readers
	Build    metrics.Build

	// Owners knows the other processes of the job; nil: there are none. What they have
	// they are asked for, with the token.
	Owners Owners
	// MoveRequests are where the containers of this process are told which tasks they are to
	// have; nil: their tasks are fixed.
	MoveRequests *membership.MoveRequests
	// Hold is that of the containers of this process, and Stop has the process leave its
	// groups and end, soon. Leave has it leave them whenever it ends until a time. Both
	// may be called several times, and at once. nil: none of it is done here.
	Hold  *membership.Hold
	Stop  func()
	Leave func(until time.Time)
	// PeerTimeout bounds how long a request waits for other processes; 0 means 3 s.
	PeerTimeout time.Duration
	// Queries is how many requests for the job or a store are answered at a time, and
	// as many again of those that come from other processes; 0 means 64. Further ones
	// are told to ask again. Health, readiness and metrics aren't counted.
	Queries int
}

// ErrNoToken: an address that others can reach isn't served without a token.
var ErrNoToken = errors.New("others than this machine can reach it, and there is no token")

// A Server serves a job until it is closed.
type Server struct {
	listener net.Listener
	asked    *server
	answers  atomic.Pointer[http.Handler] // by the newest plan
	guessed  string                       // how the advertised address was found, if neither said nor listened on
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
	if at, ok := listener.Addr().(*net.TCPAddr); cfg.Token == "" && (!ok || !at.IP.IsLoopback()) {
		return nil, errors.Join(fmt.Errorf("serving HTTP on %s: %w", cfg.Address, ErrNoToken), listener.Close())
	}
	guessed := ""
	if cfg.Advertise == "" {
		cfg.Advertise, guessed = advertised(listener.Addr())
	}
	s := serve(listener, newServer(cfg))
	s.guessed = guessed
	return s, nil
}

// serve bounds how long a connection may take, so that clients that stand still don't
// add up.
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

// Follow has requests from now on answered by another plan of the job.
func (s *Server) Follow(plan *scheduler.Plan) { s.answerBy(s.asked.by(plan)) }

// URL is where the server is, without a path.
func (s *Server) URL() string {
	if onAll(s.listener.Addr()) {
		return "http://" + s.asked.cfg.Advertise
	}
	return "http://" + s.listener.Addr().String()
}

// Advertised is the HOST:PORT at which others find the server. If that was neither said
// nor is listened on it tells, too, what of this machine was taken, in words: it may be
// the wrong one.
func (s *Server) Advertised() (address, guessed string) { return s.asked.cfg.Advertise, s.guessed }

// Close lets requests that are under way finish until ctx is done, ends the
// others, and waits for the server to have stopped.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stopping the HTTP server: %w", err), s.http.Close())
	}
	<-s.done
	s.asked.peers.close()
	return errors.Join(err, s.err)
}
