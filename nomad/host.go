package nomad

import (
	"context"
	"net"
	"net/url"

	"github.com/hashicorp/nomad/api"
)

// HostAddress returns the address at which the nodes of a development cluster reach this machine;
// "" for other clusters. A cluster is for development if its agent runs on this machine or
// is configured so.
func (c *Client) HostAddress(ctx context.Context) string {
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
	// This sends nothing. It finds the local address that is used to reach the agent.
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
