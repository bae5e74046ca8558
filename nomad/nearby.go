package nomad

import (
	"context"
	"net"
	"net/url"

	"github.com/hashicorp/nomad/api"
)

// Nearby returns the address by which the nodes of the agent's cluster reach this machine,
// if it is a cluster for development: the agent is on this machine, or its configuration
// says so. "" otherwise.
func (c *Client) Nearby(ctx context.Context) string {
	u, err := url.Parse(c.address)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "unix" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var self api.AgentSelf
	if _, err := c.api.Raw().Query("/v1/agent/self", &self, c.query(ctx)); err != nil || self.Config["DevMode"] != true {
		return ""
	}
	// Nothing is sent: it says which of this machine's addresses is on the way there.
	conn, err := new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(u.Hostname(), "9"))
	if err != nil {
		return ""
	}
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if conn.Close() != nil || err != nil {
		return ""
	}
	return host
}
