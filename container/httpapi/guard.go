package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"strings"

	"github.com/gretestream/grete/container/membership"
)

// A guard passes on requests that bear the token. Health and readiness need none, as probes
// have no secrets.
//
// Without a token, only this machine can connect. But any page may lead a browser on it
// here, by a name of its own that resolves to this address. So the request must name this
// machine.
type guard struct {
	token     string
	advertise string // the host
	next      http.Handler
}

func newGuard(cfg *Config, next http.Handler) *guard {
	return &guard{token: cfg.Token, advertise: hostOf(cfg.Advertise), next: next}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case g.token == "" && !g.isHere(hostOf(r.Host)):
		writeError(w, &failure{status: http.StatusForbidden, Problem: Problem{
			Message: "the request is for another host: ask for localhost, or the advertised address"}})
	case g.token != "" && !isProbe(r.URL.Path) && !g.bears(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		writeError(w, &failure{status: http.StatusUnauthorized, Problem: Problem{
			Message: "this needs the job's token, as in: curl -H \"Authorization: Bearer $GRETE_TOKEN\" …"}})
	default:
		g.next.ServeHTTP(w, r)
	}
}

// isProbe reports whether a path is health or readiness.
func isProbe(path string) bool {
	switch path {
	case "/api/v1/health", "/api/v1/ready", "/healthz", "/readyz":
		return true
	}
	return false
}

// bears reports whether a request has the token. Its duration reveals nothing about the
// token or its length.
func (g *guard) bears(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(g.token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (g *guard) isHere(host string) bool {
	return membership.IsLoopback(host) || host != "" && strings.EqualFold(host, g.advertise)
}

// hostOf is the host of HOST or HOST:PORT.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}
