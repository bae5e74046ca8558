package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// System is the authority that stands for those of this machine.
const System = "system"

// A Client verifies servers. Their certificate must be for the host that is dialled. If the
// authority is the user's own, it may be for the name of the app instead, so that one
// certificate does for all machines.
type Client struct {
	app   string
	roots *loaded[*x509.CertPool] // nil: those of this machine
	pool  *x509.CertPool          // if roots is nil
}

// NewClient reads the certificates of the authority from a PEM file, or takes those of this
// machine, for [System]. failed is called if the file can't be read again after a change.
func NewClient(app, ca string, failed func(error)) (*Client, error) {
	if ca == System {
		return &Client{app: app}, nil
	}
	l, err := newLoaded(func() (*x509.CertPool, error) {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		return poolOf(ca, pem)
	}, failed, ca)
	return &Client{app: app, roots: l}, err
}

// NewClientOf is NewClient for the text of a PEM file.
func NewClientOf(app, pem string) (*Client, error) {
	pool, err := poolOf("the authority", []byte(pem))
	return &Client{app: app, pool: pool}, err
}

var errNoCertificate = errors.New("there is no certificate in it")

func poolOf(name string, pem []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %w", name, errNoCertificate)
	}
	return pool, nil
}

// own returns the certificates of the user's own authority; nil if there is none.
func (c *Client) own() *x509.CertPool {
	if c.roots != nil {
		return c.roots.get()
	}
	return c.pool
}

// Dialer returns what [net/http.Transport] takes as DialTLSContext. dial opens connections.
func (c *Client) Dialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, c.config(host))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
}

// config returns the TLS of a connection to a host.
func (c *Client) config(host string) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, NextProtos: []string{"http/1.1"}}
	if own := c.own(); own != nil {
		cfg.InsecureSkipVerify = true // verify does it
		cfg.VerifyConnection = func(s tls.ConnectionState) error { return c.verify(s.PeerCertificates, own, host) }
	}
	return cfg
}

// verify verifies the certificates of a server.
func (c *Client) verify(chain []*x509.Certificate, roots *x509.CertPool, host string) error {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	leaf := chain[0]
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
		return err
	}
	err := leaf.VerifyHostname(host)
	if err == nil || leaf.VerifyHostname(c.app) == nil {
		return nil
	}
	return fmt.Errorf("%w, and not for %s, the name of the app", err, c.app)
}
