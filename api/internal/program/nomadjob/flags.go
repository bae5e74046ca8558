package nomadjob

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/nomad"
)

// Flags name a Nomad cluster. The token has no flag: every user of a machine can see its
// command lines.
type Flags struct {
	Address   string `name:"nomad" placeholder:"URL" help:"Address of an agent of the Nomad cluster (default: NOMAD_ADDR, or else http://127.0.0.1:4646, but for status and drain none)."`
	Namespace string `placeholder:"NAME" help:"Namespace of the job (default: NOMAD_NAMESPACE, or default)."`
	Region    string `placeholder:"NAME" help:"Region of the job (default: NOMAD_REGION, or the agent's)."`
	TokenFile string `name:"nomad-token-file" placeholder:"FILE" help:"File with the token for Nomad (default: NOMAD_TOKEN, the token itself). NOMAD_CACERT, NOMAD_CLIENT_CERT, NOMAD_CLIENT_KEY and the other variables of Nomad are honoured."`
}

// localAgent is the default address of an agent.
const localAgent = "http://127.0.0.1:4646"

// Open makes a client of an agent that responds. The caller closes it.
func (f *Flags) Open(ctx context.Context) (*nomad.Client, error) {
	o := nomad.Options{Address: f.Address, Namespace: f.Namespace, Region: f.Region}
	if f.TokenFile != "" {
		b, err := access.ReadSecret("-nomad-token-file", f.TokenFile)
		if err != nil {
			return nil, err
		}
		if o.Token = strings.TrimSpace(string(b)); o.Token == "" {
			return nil, errors.New("-nomad-token-file: the file is empty")
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

// named reports whether a flag or the environment names a cluster.
func (f *Flags) named() bool { return f.Address != "" || os.Getenv("NOMAD_ADDR") != "" }

// find opens the cluster that has the job. The client is nil if no cluster is named, or
// if the one that the environment names for all jobs hasn't this one.
func (f *Flags) find(ctx context.Context, app string) (*nomad.Client, *nomad.Status, error) {
	if !f.named() {
		return nil, nil, nil
	}
	client, err := f.Open(ctx)
	if err != nil {
		return nil, nil, err
	}
	status, err := client.Status(ctx, app)
	if err == nil {
		return client, status, nil
	}
	client.Close()
	if f.Address == "" && errors.Is(err, nomad.ErrNoJob) {
		err = nil
	}
	return nil, nil, err
}
