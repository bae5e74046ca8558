package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// closePatience is how long Close lets requests finish.
const closePatience = 2 * time.Second

// A Server answers HTTP requests until it is closed.
type Server struct {
	http http.Server
	addr net.Addr
	done chan struct{}
	err  error // of Serve, to be read when done is closed
}

// Serve starts a server on an address; "" means a free port that this machine
// alone can reach. Whoever started it closes it.
func Serve(addr string, h http.Handler) (*Server, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("http: can't listen on %s: choose another address with -http: %w", addr, err)
	}
	s := &Server{
		http: http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
		addr: l.Addr(),
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("http: %w", err)
		}
	}()
	return s, nil
}

// Addr is the address that the server listens on, with the port that it got.
func (s *Server) Addr() string { return s.addr.String() }

// Close stops the server and waits for it. Requests may finish for two seconds;
// what takes longer is cut off. It returns what made the server stop by itself,
// if it did. Closing again does no harm.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.done
	return errors.Join(s.err, err)
}
