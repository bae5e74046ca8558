package ship

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Server serves one program to the nodes, as long as this process runs.
type Server struct {
	url    string
	server *http.Server
	ended  chan error
}

// Serve serves a program at an address of this machine. It uses the port of the URL before,
// if that is free: otherwise the job would change with the URL.
func Serve(ctx context.Context, p *Program, host, before string) (*Server, error) {
	var port int
	if u, err := url.Parse(before); err == nil && u.Hostname() == host {
		port, _ = strconv.Atoi(u.Port())
	}
	listen := func(port int) (net.Listener, error) {
		return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	}
	l, err := listen(port)
	if err != nil && port != 0 {
		l, err = listen(0)
	}
	if err != nil {
		return nil, fmt.Errorf("serving the program to the nodes: %w", err)
	}
	s := &Server{url: "http://" + l.Addr().String() + "/" + p.SHA256, ended: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+p.SHA256, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, p.File) })
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// URL returns the address at which nodes fetch the program.
func (s *Server) URL() string { return s.url }

// Close closes the server and its connections.
func (s *Server) Close() error {
	err := s.server.Close()
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
