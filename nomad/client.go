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

// Options select a Nomad cluster, and a region and a namespace of it. The default of an empty
// field comes from the environment, as for Nomad's own tools: NOMAD_ADDR, NOMAD_NAMESPACE,
// NOMAD_REGION, NOMAD_TOKEN, NOMAD_CACERT, NOMAD_CLIENT_CERT and the others.
type Options struct {
	Address, Namespace, Region string
	Token                      string
}

// A Client talks to a Nomad agent, about one region and one namespace. It is safe for
// concurrent use.
type Client struct {
	api       *api.Client
	address   string // without a password
	namespace string
}

// defaultNamespace is the namespace that every cluster has.
const defaultNamespace = "default"

// patience is how long an agent may take to answer a simple request.
const patience = 10 * time.Second

// Open returns a client. It sends no request; see [Client.Reach].
func Open(o Options) (*Client, error) {
	cfg := api.DefaultConfig()
	for to, text := range map[*string]string{&cfg.Address: o.Address, &cfg.Namespace: o.Namespace, &cfg.Region: o.Region, &cfg.SecretID: o.Token} {
		if text != "" {
			*to = text
		}
	}
	u, err := url.Parse(cfg.Address)
	if err != nil || u.Scheme != "unix" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("-nomad: the address of a Nomad agent is a URL such as http://127.0.0.1:4646 (NOMAD_ADDR is the same)") // without the address, which may have a password
	}
	if u.Scheme != "unix" {
		if cfg.HttpClient, err = httpClient(cfg.TLSConfig); err != nil {
			return nil, fmt.Errorf("files of NOMAD_CACERT, NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY: %w", err)
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

// httpClient returns a client like that of Nomad's API, HTTP/1 included, with shorter
// timeouts for connecting.
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

// Close closes the connections.
func (c *Client) Close() { c.api.Close() }

// Address returns the agent's address.
func (c *Client) Address() string { return c.address }

// Namespace returns the namespace of all requests.
func (c *Client) Namespace() string { return c.namespace }

// Reach checks within 10 seconds that the agent answers and that its servers have a leader.
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

// query returns the options of a request that reads.
func (c *Client) query(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{Namespace: c.namespace}).WithContext(ctx)
}

// write returns the options of a request that changes something.
func (c *Client) write(ctx context.Context) *api.WriteOptions {
	return (&api.WriteOptions{Namespace: c.namespace}).WithContext(ctx)
}

// explain adds to an error what was being done, and what to do about it. The capability is
// the permission that Nomad requires in the namespace, such as "submit-job". It returns nil
// for nil.
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
	case capability == "" || strings.Contains(body, "token"): // unknown or expired
		return fmt.Errorf("%s: Nomad at %s refuses NOMAD_TOKEN or -nomad-token-file: %s", doing, c.address, body)
	}
	return fmt.Errorf("%s: Nomad at %s refuses: NOMAD_TOKEN or -nomad-token-file must be a token of a policy with the capability %q of the namespace %q", doing, c.address, capability, c.namespace)
}

// explainSilence explains the error of a request without an answer.
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

// missing reports whether an error says that something doesn't exist.
func missing(err error) bool {
	var said api.UnexpectedResponseError
	return errors.As(err, &said) && said.StatusCode() == http.StatusNotFound
}
