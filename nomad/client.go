package nomad

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// Options say which Nomad cluster is meant, and what of it. What they don't say comes
// from the environment, as for Nomad's own tools: NOMAD_ADDR, NOMAD_NAMESPACE,
// NOMAD_REGION, NOMAD_TOKEN, NOMAD_CACERT, NOMAD_CLIENT_CERT and the others.
type Options struct {
	Address, Namespace, Region string
	Token                      string
}

// A Client talks to a Nomad cluster, in one region and about one namespace. It may be
// used by several goroutines at once.
type Client struct {
	api       *api.Client
	address   string // without a password
	namespace string
}

// defaultNamespace is Nomad's name of the one that is always there.
const defaultNamespace = "default"

// patience is how long an agent may take to answer what needs no waiting.
const patience = 10 * time.Second

// Open makes a client. It asks nobody yet: [Client.Reach] does.
func Open(o Options) (*Client, error) {
	cfg := api.DefaultConfig()
	for to, text := range map[*string]string{&cfg.Address: o.Address, &cfg.Namespace: o.Namespace, &cfg.Region: o.Region, &cfg.SecretID: o.Token} {
		if text != "" {
			*to = text
		}
	}
	u, err := url.Parse(cfg.Address)
	if err != nil || u.Scheme != "unix" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("-nomad: the address of a Nomad agent is a URL such as http://127.0.0.1:4646 (NOMAD_ADDR is the same)") // it may have a password in it
	}
	if u.Scheme != "unix" {
		if cfg.HttpClient, err = httpClient(cfg.TLSConfig); err != nil {
			return nil, fmt.Errorf("what NOMAD_CACERT, NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY name: %w", err)
		}
	}
	if cfg.Namespace == "" {
		cfg.Namespace = defaultNamespace
	}
	c, err := api.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Client{api: c, address: u.Redacted(), namespace: cfg.Namespace}, nil
}

// httpClient is as the API's own, but for the time that it takes to be sure that nobody
// is there. It speaks HTTP/1 alone, as that does.
func httpClient(t *api.TLSConfig) (*http.Client, error) {
	c := &http.Client{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: patience / 2}).DialContext,
		TLSHandshakeTimeout: patience / 2,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		IdleConnTimeout:     90 * time.Second,
	}}
	return c, api.ConfigureTLS(c, t)
}

// Close gives the connections up.
func (c *Client) Close() { c.api.Close() }

// Address is that of the agent.
func (c *Client) Address() string { return c.address }

// Namespace is the one that everything is asked of.
func (c *Client) Namespace() string { return c.namespace }

// Reach finds out within 10 seconds whether the agent answers, and knows its servers.
func (c *Client) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var leader string
	_, err := c.api.Raw().Query("/v1/status/leader", &leader, c.query(ctx))
	if err == nil && leader == "" {
		err = errors.New("its servers have no leader")
	}
	return c.explain(err, "reach Nomad", "")
}

// query are the options of what is read; namespace, region and token are the client's.
func (c *Client) query(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{Namespace: c.namespace}).WithContext(ctx)
}

// write are the options of what is changed.
func (c *Client) write(ctx context.Context) *api.WriteOptions {
	return (&api.WriteOptions{Namespace: c.namespace}).WithContext(ctx)
}

// explain says of an error what was being done, and what to do about it. The capability
// is the one of the namespace that Nomad asks for, as in "submit-job". Of nil it makes nil.
func (c *Client) explain(err error, doing, capability string) error {
	if err == nil {
		return nil
	}
	var said api.UnexpectedResponseError
	if !errors.As(err, &said) || !said.HasStatusCode() {
		return c.explainSilence(err, doing)
	}
	body := strings.Join(strings.Fields(said.Body()), " ")
	switch {
	case said.StatusCode() != http.StatusForbidden:
		return fmt.Errorf("%s: Nomad at %s says: %s (%d)", doing, c.address, body, said.StatusCode())
	case capability == "" || strings.Contains(body, "token"): // there is none of that name, or it has expired
		return fmt.Errorf("%s: Nomad at %s refuses NOMAD_TOKEN or -nomad-token-file: %s", doing, c.address, body)
	}
	return fmt.Errorf("%s: Nomad at %s refuses: NOMAD_TOKEN or -nomad-token-file must be a token of a policy with the capability %q of the namespace %q", doing, c.address, capability, c.namespace)
}

// explainSilence is for an agent that gave no answer.
func (c *Client) explainSilence(err error, doing string) error {
	var dial *net.OpError
	switch {
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return fmt.Errorf("%s at %s: its certificate isn't trusted: set NOMAD_CACERT to the file of the authority that has signed it: %w", doing, c.address, err)
	case strings.Contains(err.Error(), "tls: certificate required"), strings.Contains(err.Error(), "tls: bad certificate"):
		return fmt.Errorf("%s at %s: it wants a client's certificate that it trusts: set NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY to its files: %w", doing, c.address, err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Errorf("%s: nobody answers at %s: set -nomad or NOMAD_ADDR to the URL of a Nomad agent: %w", doing, c.address, err)
	}
	return fmt.Errorf("%s at %s: %w", doing, c.address, err)
}

// missing tells whether Nomad says that there is no such thing.
func missing(err error) bool {
	var said api.UnexpectedResponseError
	return errors.As(err, &said) && said.StatusCode() == http.StatusNotFound
}
