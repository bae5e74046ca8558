package access

import (
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/container/httpapi/certs"
)

// ServerFlags say how a process serves its HTTP API, besides the address and the token.
type ServerFlags struct {
	ReadTokenFile string `name:"read-token-file" placeholder:"FILE" help:"File with a token for requests of the job and the metrics only (default: GRETE_READ_TOKEN, the token itself)."`
	Cert          string `name:"http-cert" placeholder:"FILE" help:"Serve the HTTP API over TLS, with this certificate and the chain to its authority, PEM."`
	Key           string `name:"http-key" placeholder:"FILE" help:"Private key of -http-cert, PEM."`
	CA            string `name:"http-ca" placeholder:"FILE" help:"Certificates of the authority that signs the certificates of the job's processes, PEM (default: those of this machine). The certificates may be for the name of the app instead of a host."`
}

// Names of the flags of TLS.
const (
	FlagCert      = "http-cert"
	FlagKey       = "http-key"
	FlagCA        = "http-ca"
	FlagReadToken = "read-token-file"
)

// CheckTLS checks which flags are set.
func (f *ServerFlags) CheckTLS() error {
	switch {
	case f.Cert != "" && f.Key == "":
		return errors.New("-http-cert: a certificate needs its key: add -http-key FILE")
	case f.Key != "" && f.Cert == "":
		return errors.New("-http-key: a key needs its certificate: add -http-cert FILE")
	case f.CA != "" && f.Cert == "":
		return errors.New("-http-ca: TLS needs a certificate: add -http-cert FILE and -http-key FILE")
	}
	return nil
}

// CheckTLSFiles checks the files, which are opened later.
func (f *ServerFlags) CheckTLSFiles() error {
	if f.Cert == "" {
		return nil
	}
	if err := CheckSecret("-http-key", f.Key); err != nil {
		return err
	}
	for flag, file := range map[string]string{FlagCert: f.Cert, FlagCA: f.CA} {
		if file == "" || file == certs.System {
			continue
		}
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("-%s: %w", flag, err)
		}
	}
	return nil
}

// LoadTLS reads the certificates; both are nil without TLS. failed is called if they can't be
// read again after a change.
func (f *ServerFlags) LoadTLS(app string, failed func(error)) (*certs.Server, *certs.Client, error) {
	if f.Cert == "" {
		return nil, nil, nil
	}
	server, err := certs.NewServer(f.Cert, f.Key, failed)
	if err != nil {
		return nil, nil, fmt.Errorf("-http-cert: %w", err)
	}
	ca := f.CA
	if ca == "" {
		ca = certs.System
	}
	client, err := certs.NewClient(app, ca, failed)
	if err != nil {
		return nil, nil, fmt.Errorf("-http-ca: %w", err)
	}
	return server, client, nil
}
