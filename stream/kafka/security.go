package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// config reads the files. It is nil if t is.
func (t *TLS) config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
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

func (t *TLS) ownCertificate() (tls.Certificate, error) {
	if t.Cert == "" || t.Key == "" {
		return tls.Certificate{}, errors.New("a client certificate needs both: the certificate's file and its key's")
	}
	cert, err := os.ReadFile(t.Cert)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := os.ReadFile(t.Key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read the client certificate's key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the client certificate %s and its key %s: %w", t.Cert, t.Key, err)
	}
	return pair, nil
}

// mechanism is how to prove who we are. It is nil if s is.
func (s *SASL) mechanism() (sasl.Mechanism, error) {
	if s == nil {
		return nil, nil
	}
	if s.User == "" {
		return nil, errors.New("a user is needed")
	}
	switch s.Mechanism {
	case Plain:
		return plain.Mechanism{Username: s.User, Password: string(s.Password)}, nil
	case ScramSHA256:
		return scrammed(scram.SHA256, s)
	case ScramSHA512:
		return scrammed(scram.SHA512, s)
	}
	return nil, fmt.Errorf("unknown mechanism %q; known are %s, %s and %s", s.Mechanism, Plain, ScramSHA256, ScramSHA512)
}

func scrammed(how scram.Algorithm, s *SASL) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(how, s.User, string(s.Password))
	if err != nil {
		// The error isn't shown: it may have a part of the password.
		return nil, fmt.Errorf("%s can't say the user's name or password: it has characters that SASL forbids, such as control characters", s.Mechanism)
	}
	return m, nil
}
