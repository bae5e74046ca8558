package run

import (
	"fmt"
	"net"
	"strconv"

	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
)

// httpOff is the -http of a job without an HTTP API.
const httpOff = "off"

// checkHTTP checks -http, -advertise and the token. The address is opened much later.
func (s *settings) checkHTTP() (err error) {
	if s.tokens, err = access.ReadTokens(s.TokenFile); err != nil {
		return err
	}
	if s.readTokens, err = access.ReadOnlyTokens(s.ReadTokenFile, s.tokens); err != nil {
		return err
	}
	for _, check := range []func() error{s.CheckTLS, s.CheckTLSFiles} {
		if err := check(); err != nil {
			return err
		}
	}
	if s.Advertise != "" {
		if host, err := hostOf(s.Advertise); host == "" || err != nil {
			return fmt.Errorf("-advertise: others can't reach %q: write it as HOST:PORT", s.Advertise)
		}
	}
	if s.HTTP == "" || s.HTTP == httpOff {
		return nil
	}
	host, err := hostOf(s.HTTP)
	if err != nil {
		return fmt.Errorf("-http: %q isn't an address: write it as HOST:PORT, or as :PORT for all addresses of this machine", s.HTTP)
	}
	if len(s.tokens) == 0 && !membership.IsLoopback(host) {
		return fmt.Errorf("-http %s: %w: put a token into a file and add -token-file FILE, or set GRETE_TOKEN; or listen on 127.0.0.1", s.HTTP, httpapi.ErrNoToken)
	}
	return nil
}

// hostOf returns the host of HOST:PORT.
func hostOf(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return host, err
}
