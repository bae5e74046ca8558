package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/gretestream/grete/container/membership"
)

// names are the names and addresses of this process. It is also known by the address at
// which a connection arrives.
type names struct {
	advertised string   // HOST:PORT
	hosts      []string // that requests may name
	// onlyHosts means that no other addresses are accepted, because requests without a
	// token are served.
	onlyHosts bool
	// derived means that the advertised address isn't the user's choice.
	derived bool
}

func namesOf(cfg *Config) names {
	n := names{advertised: cfg.Advertise, onlyHosts: len(cfg.Tokens) == 0 || cfg.Local, derived: cfg.derived}
	for _, address := range []string{cfg.Advertise, cfg.Address} {
		if host := hostOf(address); host != "" {
			n.hosts = append(n.hosts, host)
		}
	}
	if name, err := os.Hostname(); err == nil && !n.onlyHosts {
		n.hosts = append(n.hosts, name)
	}
	return n
}

// isHost reports whether the Host header of a request names this process. A name that isn't
// known may be one of a page. An address can't: a page that has it comes from here.
func (n *names) isHost(r *http.Request) bool {
	host := hostOf(r.Host)
	if membership.IsLoopback(host) || n.has(host) {
		return true
	}
	_, err := netip.ParseAddr(host)
	return !n.onlyHosts && (err == nil || host == "")
}

func (n *names) has(host string) bool {
	for _, own := range n.hosts {
		if strings.EqualFold(host, own) {
			return true
		}
	}
	return false
}

// isAudience reports whether HOST:PORT is this process, for which a request is signed. That
// is the advertised address; on this machine, also localhost; and, unless the user has
// advertised another one, the address at which the connection arrived. An address that
// several machines may have, such as one of a container network, must not do: a process at
// one of them could pass requests on to another.
func (n *names) isAudience(r *http.Request, audience string) bool {
	if strings.EqualFold(audience, n.advertised) {
		return true
	}
	host, port, err := net.SplitHostPort(audience)
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if err != nil || !ok || port != strconv.Itoa(at.Port) {
		return false
	}
	if membership.IsLoopback(host) {
		return at.IP.IsLoopback()
	}
	ip := net.ParseIP(host)
	return n.derived && (ip.Equal(at.IP) || ip == nil && n.has(host))
}

// hostOf is the host of HOST or HOST:PORT.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
