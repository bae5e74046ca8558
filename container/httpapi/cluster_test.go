package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/metrics"
)

const secret = "s3cret"

// A table is what a process knows of the owners of the second stage's tasks. The first
// stage's is the first process'.
type table struct {
	mu        sync.Mutex
	self      string
	owners    map[int32]string
	processes []string
	left      time.Duration // of a restore of all tasks; 0: none is known
	onAsked   func(task int32)
}

func (o *table) Owner(stage string, task int32) (address string, here bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if stage == "orders" {
		task = -1
	}
	address = o.owners[task]
	if o.onAsked != nil {
		o.onAsked(task)
	}
	return address, address == o.self
}

func (o *table) Restoring(string, int32) (left int64, expected time.Duration, restoring bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return 700, o.left, o.left > 0
}

func (o *table) Processes() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.processes
}

// set says that a task is elsewhere.
func (o *table) set(task int32, address string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.owners[task] = address
}

// A process has its share of a job.
type process struct {
	t       testing.TB
	address string
	table   *table
	readers container.Readers
	cfg     httpapi.Config
	server  *httpapi.Server
}

// newCluster shares the tasks of a job among processes, task 1 to process 1 and so on.
// They are in the order of their addresses.
func newCluster(t testing.TB, j *job, n int, change ...func(*httpapi.Config)) []*process {
	all := make([]*process, n)
	owners := make(map[int32]string)
	var addresses []string
	for i := range all {
		p := &process{t: t, table: &table{}}
		p.cfg = httpapi.Config{
			Tokens: signed.Tokens{secret}, Plan: j.cfg.Plan, Readers: &p.readers, Build: j.cfg.Build, Owners: p.table, PeerTimeout: 10 * time.Second,
			Registry: metrics.NewRegistry(metrics.Config{App: "shop", Now: func() time.Time { return j.now }}),
		}
		for _, f := range change {
			f(&p.cfg)
		}
		p.start()
		all[i], addresses = p, append(addresses, p.address)
	}
	slices.Sort(addresses)
	slices.SortFunc(all, func(a, b *process) int { return strings.Compare(a.address, b.address) })
	owners[-1] = addresses[0]
	for task := range int32(tasks) {
		p := all[int(task)%n]
		owners[task] = p.address
		p.readers.Show("by-user", task, j.dbs[task].Reader())
	}
	for _, p := range all {
		p.table.owners, p.table.processes = maps.Clone(owners), addresses
	}
	return all
}

func (p *process) start() {
	p.t.Helper()
	server, err := httpapi.Listen(p.t.Context(), p.cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.server = server
	p.address, _ = server.Advertised()
	p.table.self = p.address
	p.t.Cleanup(p.stop)
}

func (p *process) stop() {
	if p.server == nil {
		return
	}
	if err := p.server.Close(context.Background()); err != nil {
		p.t.Error(err)
	}
	p.server = nil
}

// get asks the process, with the token and headers as pairs.
func (p *process) get(path string, headers ...string) *httptest.ResponseRecorder {
	return p.getAs(p.t.Context(), path, headers...)
}

func (p *process) getAs(ctx context.Context, path string, headers ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	w := httptest.NewRecorder()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+path, http.NoBody)
	if err != nil {
		p.t.Error(err)
		return w
	}
	r.Close = true
	r.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			p.t.Error(err)
		}
		return w
	}
	defer res.Body.Close()
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	if _, err := io.Copy(w, res.Body); err != nil {
		p.t.Error(err)
	}
	return w
}

// refused asks for what is to be answered with this status, and returns why.
func (p *process) refused(path string, status int, words ...string) httpapi.Problem {
	p.t.Helper()
	w := p.get(path)
	var problem httpapi.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || w.Code != status {
		p.t.Errorf("%s answers %d %s, want %d", path, w.Code, w.Body, status)
	}
	if (w.Header().Get("Retry-After") != "") != (status == http.StatusServiceUnavailable) {
		p.t.Errorf("%s answers %d, to be asked again after %q", path, w.Code, w.Header().Get("Retry-After"))
	}
	for _, word := range words {
		if !strings.Contains(problem.Message, word) {
			p.t.Errorf("%s says %q, and nothing of %q", path, problem.Message, word)
		}
	}
	if strings.Contains(w.Body.String(), secret) {
		p.t.Errorf("the token is shown: %s", w.Body)
	}
	return problem
}

// elsewhere starts a server that isn't a process of the job's making.
func elsewhere(t testing.TB, f http.HandlerFunc) string {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// member starts a server of the job that responds by f.
func member(t testing.TB, f http.HandlerFunc) string {
	v := signed.NewVerifier(signed.Tokens{secret})
	return elsewhere(t, func(w http.ResponseWriter, r *http.Request) {
		if err := v.Serve(w, r, func(audience string) bool { return audience == r.Host }, f, http.NotFoundHandler()); err != nil {
			v.Challenge(w.Header())
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

// nobody is an address at which nothing listens.
func nobody(t testing.TB) string {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return strings.TrimPrefix(s.URL, "http://")
}
