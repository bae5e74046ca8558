package httpapi

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

// A server serves the job.
type server struct {
	cfg     Config
	peers   *peers
	bound   bound
	signed  *signed.Verifier // nil: there are no tokens
	planned map[place]int    // the containers of tasks, if Owners is nil
}

func newServer(cfg Config) *server {
	if cfg.Queries <= 0 {
		cfg.Queries = defaultQueries
	}
	if cfg.PeerTimeout <= 0 {
		cfg.PeerTimeout = peerTimeout
	}
	s := &server{cfg: cfg, peers: newPeers(&cfg), bound: newBound(cfg.Queries), planned: planned(cfg.Plan)}
	if len(cfg.Tokens) > 0 {
		s.signed = signed.NewVerifier(cfg.Tokens)
	}
	return s
}

// by returns the same server with another plan.
func (s *server) by(plan *scheduler.Plan) *server {
	other := *s
	other.cfg.Plan, other.planned = plan, planned(plan)
	return &other
}

// NewHandler serves a job, without a listener. The caller must make sure that without a
// token only this machine can reach it. Idle connections to other processes are closed
// within half a minute.
func NewHandler(cfg Config) http.Handler { return newServer(cfg).handler() }

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	for at, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/api/v1/job":                     s.query(s.job),
		"/api/v1/health":                  s.health,
		"/api/v1/ready":                   s.ready,
		"/api/v1/stores/{store}":          s.query(s.store),
		"/api/v1/stores/{store}/{key...}": s.query(s.storeKey),
	} {
		mux.HandleFunc("GET "+at, answering(answer))
		mux.HandleFunc(at, notAllowed("GET, HEAD"))
	}
	// Each of these changes something.
	for at, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/api/v1/stages/{stage}/tasks/{task}/move": s.query(s.move),
		DrainPath: s.drain,
		StopPath:  s.stop,
		LeavePath: s.leave,
	} {
		mux.HandleFunc("POST "+at, answering(s.changing(answer)))
		mux.HandleFunc(at, notAllowed("POST"))
	}
	mux.HandleFunc("/", nothingHere)
	page := metrics.Handler(s.cfg.Registry)
	mux.Handle("GET /metrics", s.scraping(page))
	for _, at := range []string{"/healthz", "/readyz"} {
		mux.Handle("GET "+at, page)
	}
	return newGuard(s, s.keysAsTheyAre(mux))
}

// keysAsTheyAre serves a key whose path isn't clean, such as "//cart" or "a/../b". The mux
// would redirect the client to the cleaned path, which is that of another key.
func (s *server) keysAsTheyAre(mux http.Handler) http.Handler {
	serve := answering(s.query(s.storeKey))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of, isStore := strings.CutPrefix(r.URL.Path, "/api/v1/stores/")
		store, key, hasKey := strings.Cut(of, "/")
		clean := "/" + key
		if !isStore || !hasKey || path.Clean(clean) == clean || path.Clean(clean)+"/" == clean || r.Method != http.MethodGet && r.Method != http.MethodHead {
			mux.ServeHTTP(w, r)
			return
		}
		r.SetPathValue("store", store)
		r.SetPathValue("key", key)
		serve(w, r)
	})
}

func answering(answer func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := answer(w, r); err != nil {
			writeError(w, err)
		}
	}
}

// notAllowed refuses other methods.
func notAllowed(methods string) http.HandlerFunc {
	first, _, _ := strings.Cut(methods, ",")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", methods)
		writeError(w, &failure{status: http.StatusMethodNotAllowed, Problem: Problem{Message: r.Method + " isn't allowed here: " + first}})
	}
}

func nothingHere(w http.ResponseWriter, _ *http.Request) {
	writeError(w, &failure{status: http.StatusNotFound, Problem: Problem{
		Message: "there is nothing here; there are /api/v1/job, /api/v1/health, /api/v1/ready, /api/v1/stores/{store}/{key}, /metrics"}})
}

// A failure is an error with an HTTP status.
type failure struct {
	status int
	Problem
	retry time.Duration // when to retry; 0: never
}

func (f *failure) Error() string { return f.Message }

// writeError responds with an error. One that isn't a failure is an internal error.
func writeError(w http.ResponseWriter, err error) {
	f := &failure{status: http.StatusInternalServerError, Problem: Problem{Message: err.Error()}}
	errors.As(err, &f)
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retry.Seconds()))))
	}
	_ = writeJSON(w, f.status, f.Problem)
}

// writeJSON responds with a value, indented for people.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	// If this fails, the client is gone.
	_ = e.Encode(v)
	return nil
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) error {
	return probe(w, s.cfg.Registry.Healthy())
}

func (s *server) ready(w http.ResponseWriter, _ *http.Request) error {
	return probe(w, s.cfg.Registry.Ready())
}

// probe responds with an error that may be several.
func probe(w http.ResponseWriter, err error) error {
	if err == nil {
		return writeJSON(w, http.StatusOK, Health{OK: true})
	}
	f := &failure{status: http.StatusServiceUnavailable, Problem: Problem{Message: err.Error()}}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			f.Reasons = append(f.Reasons, e.Error())
		}
		f.Message = f.Reasons[0]
		if n := len(f.Reasons) - 1; n > 0 {
			f.Message += "; and " + strconv.Itoa(n) + " more"
		}
	}
	return f
}
