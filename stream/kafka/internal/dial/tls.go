package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/gretestream/grete/stream/smallfile"
)

// TLSFiles name the PEM files of a TLS configuration. CA may be empty, Cert and Key both
// may.
type TLSFiles struct {
	CA, Cert, Key string
	ServerName    string
}

// maxPEM bounds each of the files, in bytes: all public authorities take 250 kB.
const maxPEM = 4 << 20

// Config reads the files.
func (t *TLSFiles) Config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := smallfile.Read(t.CA, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("read the CA's certificate: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA's file %s has no certificate in PEM format", t.CA)
		}
	}
	if t.Cert == "" && t.Key == "" {
		return cfg, nil
	}
	own, err := t.ownCertificate()
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{own}
	return cfg, nil
}

// ownCertificate reads the certificate of this client.
func (t *TLSFiles) ownCertificate() (tls.Certificate, error) {
	if t.Cert == "" || t.Key == "" {
		return tls.Certificate{}, errors.New("a client certificate needs two files: the certificate and its key")
	}
	cert, err := smallfile.Read(t.Cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := smallfile.Read(t.Key, maxPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate's key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the client certificate %s and its key %s: %w", t.Cert, t.Key, err)
	}
	return pair, nil
}
