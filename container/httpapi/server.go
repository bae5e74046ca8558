package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// Config is what is served, where, and to whom.
type Config struct {
	Address   string // HOST:PORT to listen on; empty: a free port of the loopback interface
	Advertise string // HOST:PORT at which others find it; empty: where it listens
	// Token is what requests must bear, but for those of health and readiness. Where
	// there is none, nothing but the loopback interface is listened on.
	Token string

	Plan     *scheduler.Plan
	Registry *metrics.Registry
	Readers  *container.Readers
	Build    metrics.Build
}

// ErrNoToken: an address that others can reach isn't served without a token.
var ErrNoToken = errors.New("others than this machine can reach it, and there is no token")

// A Server serves a job until it is closed.
type Server struct {
	listener net.Listener
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
	if cfg.Advertise == "" {
		cfg.Advertise = listener.Addr().String()
	}
	return serve(listener, NewHandler(cfg)), nil
}

// serve bounds how long a connection may take, so that clients that stand still don't
// add up.
func serve(listener net.Listener, h http.Handler) *Server {
	s := &Server{
		listener: listener,
		http: &http.Server{
			Handler: h, MaxHeaderBytes: 64 << 10,
			ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s
}

// URL is where the server is, without a path.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close lets requests that are under way finish until ctx is done, ends the
// others, and waits for the server to have stopped.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stopping the HTTP server: %w", err), s.http.Close())
	}
	<-s.done
	return errors.Join(err, s.err)
}
