package certs

import (
	"crypto/tls"
	"fmt"
)

// A Server has the certificate of a server.
type Server struct{ certificate *loaded[*tls.Certificate] }

// NewServer reads a certificate, with the chain to its authority, and its key, from PEM
// files. failed is called if they can't be read again after a change.
func NewServer(cert, key string, failed func(error)) (*Server, error) {
	l, err := newLoaded(func() (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate %s and its key %s: %w", cert, key, err)
		}
		return &c, nil
	}, failed, cert, key)
	return &Server{l}, err
}

// Config returns the TLS of a server.
func (s *Server) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return s.certificate.get(), nil
		},
	}
}
