package access

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/container/httpapi/certs"
	"github.com/gretestream/grete/container/httpapi/signed"
)

// ClientFlags are those by which a command reaches the processes of a job.
type ClientFlags struct {
	TokenFile string `name:"token-file" placeholder:"FILE" help:"File with the job's token (default: GRETE_TOKEN, the token itself; else that of the job's Nomad Variable, if it runs on Nomad, or your own one for jobs on loopback addresses)."`
	CA        string `name:"http-ca" env:"GRETE_HTTP_CA" placeholder:"FILE" help:"The job's HTTP API is over TLS: certificates of the authority that signs its certificates, PEM; or system, for those of this machine (default: that of the job's Nomad Variable, or no TLS)."`
}

// Stored are the secrets of a job that another place has, such as a Nomad Variable. It is
// called if a secret isn't set by a flag or the environment; what it lacks is empty.
type Stored func(ctx context.Context) (token, ca string)

// Open returns a client of an app's job. config is the user's configuration directory;
// stored may be nil.
func (f *ClientFlags) Open(ctx context.Context, config, app string, stored Stored) (*jobclient.Client, error) {
	tokens, err := ReadTokens(f.TokenFile)
	if err != nil {
		return nil, err
	}
	ca := ""
	if stored != nil && (len(tokens) == 0 || f.CA == "") {
		var token string
		token, ca = stored(ctx)
		if len(tokens) == 0 {
			// The processes refuse requests without a valid token.
			tokens, _ = signed.ParseTokens(token)
		}
	}
	if len(tokens) == 0 {
		if tokens, err = FindLocal(config, app); err != nil {
			return nil, err
		}
	}
	secure, err := f.secure(app, ca)
	if err != nil {
		return nil, err
	}
	return jobclient.New(app, tokens, secure), nil
}

// secure returns what verifies the processes; nil if they have no TLS.
func (f *ClientFlags) secure(app, stored string) (*certs.Client, error) {
	switch {
	case f.CA != "":
		c, err := certs.NewClient(app, f.CA, func(error) {}) // a command doesn't last
		if err != nil {
			return nil, fmt.Errorf("-http-ca: %w", err)
		}
		return c, nil
	case stored != "":
		c, err := certs.NewClientOf(app, stored)
		if err != nil {
			return nil, fmt.Errorf("GRETE_HTTP_CA of the job's Nomad Variable: %w", err)
		}
		return c, nil
	}
	return nil, nil
}
