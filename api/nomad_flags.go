package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gretestream/grete/nomad"
)

// nomadFlags say which Nomad cluster a command talks to. A token has no flag: all can
// see the command lines of a machine.
type nomadFlags struct {
	Address   string `name:"nomad" placeholder:"URL" help:"An agent of the Nomad cluster (default: NOMAD_ADDR, or http://127.0.0.1:4646)."`
	Namespace string `placeholder:"NAME" help:"The job's namespace (default: NOMAD_NAMESPACE, or default)."`
	Region    string `placeholder:"NAME" help:"The job's region (default: NOMAD_REGION, or the agent's)."`
	TokenFile string `name:"nomad-token-file" placeholder:"FILE" help:"A file with the token for Nomad. NOMAD_TOKEN is the token itself. NOMAD_CACERT, NOMAD_CLIENT_CERT, NOMAD_CLIENT_KEY and the others are honoured."`
}

// open makes a client of an agent that answers. Who gets it closes it.
func (f *nomadFlags) open(ctx context.Context) (*nomad.Client, error) {
	o := nomad.Options{Address: f.Address, Namespace: f.Namespace, Region: f.Region}
	if f.TokenFile != "" {
		b, err := os.ReadFile(f.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("-nomad-token-file: %w", err)
		}
		if o.Token = strings.TrimSpace(string(b)); o.Token == "" {
			return nil, errors.New("-nomad-token-file: there is nothing in it")
		}
	}
	c, err := nomad.Open(o)
	if err != nil {
		return nil, err
	}
	if err := c.Reach(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}
