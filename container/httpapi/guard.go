package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gretestream/grete/container/httpapi/limit"
	"github.com/gretestream/grete/container/httpapi/signed"
)

// A guard passes on requests that are signed with a token of the job, or bear one. Health
// and readiness need none, as probes have no secrets. The job and the metrics are also
// served to requests that bear a read-only token, and, on this machine, to all.
//
// Any page may lead a browser here, by a name of its own that resolves to an address of this
// machine. So each request must name this process.
type guard struct {
	signed       *signed.Verifier // nil: there are no tokens
	tokens, read signed.Tokens
	local        bool
	file         string // with the tokens; "": not known
	names        names
	next         http.Handler
}

func newGuard(s *server, next http.Handler) *guard {
	return &guard{
		signed: s.signed, tokens: s.cfg.Tokens, read: s.cfg.ReadTokens, local: s.cfg.Local, file: s.cfg.TokenFile,
		names: namesOf(&s.cfg), next: next,
	}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case !g.names.isHost(r):
		writeError(w, &failure{status: http.StatusForbidden, Problem: Problem{
			Message: "the request is for another host: ask for localhost, or the advertised address"}})
	case g.signed != nil && signed.IsSigned(r):
		g.verify(w, r)
	case g.admits(r):
		g.pass(w, r)
	default:
		g.refuse(w)
	}
}

// pass serves a request. Until then, its connection may be closed for another one.
func (g *guard) pass(w http.ResponseWriter, r *http.Request) {
	limit.Busy(r)
	r.Body = http.MaxBytesReader(w, r.Body, signed.MaxBody)
	g.next.ServeHTTP(w, r)
}

// admits reports whether a request without a signature may pass.
func (g *guard) admits(r *http.Request) bool {
	switch {
	case g.signed == nil || isProbe(r.URL.Path):
		return true
	case isReading(r):
		return g.local || g.tokens.BornBy(r) || g.read.BornBy(r)
	}
	return g.tokens.BornBy(r)
}

// isProbe reports whether a path is health or readiness.
func isProbe(path string) bool {
	switch path {
	case "/api/v1/health", "/api/v1/ready", "/healthz", "/readyz":
		return true
	}
	return false
}

// isReading reports whether a request is for the job or the metrics, which show no records.
func isReading(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/api/v1/job" || r.URL.Path == "/metrics")
}

// verify serves a signed request.
func (g *guard) verify(w http.ResponseWriter, r *http.Request) {
	ours := func(audience string) bool { return g.names.isAudience(r, audience) }
	err := g.signed.Serve(w, r, ours, http.HandlerFunc(g.pass), http.HandlerFunc(g.misdirect))
	switch {
	case errors.Is(err, signed.ErrBody):
		writeError(w, badRequest(err))
	case err != nil:
		g.refuse(w)
	}
}

// refuse responds to a request without a valid token or signature.
func (g *guard) refuse(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	if g.signed != nil {
		g.signed.Challenge(w.Header())
	}
	token := "$GRETE_TOKEN"
	if g.file != "" {
		token = "$(head -n 1 '" + g.file + "')"
	}
	writeError(w, &failure{status: http.StatusUnauthorized, Problem: Problem{
		Message: "this needs the job's token, as in: curl -H \"Authorization: Bearer " + token + "\" …"}})
}

// misdirect responds to a request that was signed for another process.
func (g *guard) misdirect(w http.ResponseWriter, r *http.Request) {
	writeError(w, &failure{status: http.StatusForbidden, Problem: Problem{Message: fmt.Sprintf(
		"the request is signed for %s, and this process is %s; use that address, or start the process with -advertise HOST:PORT", signed.Audience(r), g.names.advertised)}})
}
