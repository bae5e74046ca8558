package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// A Server serves a handler on an address until it is closed.
type Server struct {
	listener net.Listener
	http     *http.Server
	done     chan struct{}
	err      error // of Serve, once done is closed
}

// Listen starts a server. The empty address is a free port of the loopback
// interface. The caller owns the server, and closes it.
func Listen(ctx context.Context, address string, h http.Handler) (*Server, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving metrics on %s: %w", address, err)
	}
	s := &Server{
		listener: listener,
		http:     &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
		done:     make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s, nil
}

// URL is where the server is, without a path.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close lets requests that are under way finish until ctx is done, ends the
// others, and waits for the server to have stopped.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stopping the metrics server: %w", err), s.http.Close())
	}
	<-s.done
	return errors.Join(err, s.err)
}
