package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// A tlsFiles names the PEM files of TLS.
type tlsFiles struct {
	ca, cert, key string
	serverName    string
}

// config reads the files.
func (t *tlsFiles) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("read the CA's certificate: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA's file %s has no certificate in PEM format", t.ca)
		}
	}
	if t.cert == "" && t.key == "" {
		return cfg, nil
	}
	own, err := t.ownCertificate()
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{own}
	return cfg, nil
}

func (t *tlsFiles) ownCertificate() (tls.Certificate, error) {
	if t.cert == "" || t.key == "" {
		return tls.Certificate{}, errors.New("a client certificate needs both: the certificate's file and its key's")
	}
	cert, err := os.ReadFile(t.cert)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := os.ReadFile(t.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate's key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the client certificate %s and its key %s: %w", t.cert, t.key, err)
	}
	return pair, nil
}
