package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/scheduler"
)

// everything is what can be asked of the stores of a filled job.
func everything() (paths []string) {
	for _, path := range []string{
		"counts/ann", "counts/a%2Fb", "counts/a/b", "counts/", "counts?key=..", "counts/%2E%2E", "counts/a%2F%2Fb%3F", "counts/%FF",
		"counts?key64=/w==", "counts/a+b%25", "counts/broken", "counts/nobody", "profiles/-2", "profiles/7", "profiles/8", "blobs?key64=AP8", "ids/9",
		"by-pair/%7B%22a%22:%201,%20%22b%22:%22x%22%7D", "minutes/ann?window=59999", "minutes/ann?window=-1", "minutes/bob?window=1970-01-01T01:01:30%2B01:00",
		"minutes/ann", "minutes/ann?limit=1", "minutes/nobody", "counts", "minutes", "minutes?window=0", "blobs", "counts?limit=3", "counts?from=a&to=b",
		"none/ann", "counts?limit=0", "counts?key64=!", "ids/x",
	} {
		paths = append(paths, "/api/v1/stores/"+path)
	}
	return paths
}

// Whatever is asked, and of whichever process, the answer is the same as that of one
// which has it all.
func TestForward(t *testing.T) {
	for name, inputs := range map[string][]scheduler.Input{
		"by the hash":    {{Topic: "shop-by-user", Partitions: tasks, Producers: 2}},
		"by other rules": {{Topic: "theirs", Partitions: tasks}},
		"by two lengths": {{Topic: "shop-by-user", Partitions: tasks, Producers: 2}, {Topic: "shop-other", Partitions: 2, Producers: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			j := filled(t, func(c *httpapi.Config) { c.Plan.Stages[1].Inputs = inputs })
			for i, p := range newCluster(t, j, 3) {
				for _, path := range everything() {
					for _, accept := range []string{"", httpapi.Encoded} {
						want, got := j.get(path, "Accept", accept), p.get(path, "Accept", accept)
						if got.Code != want.Code || got.Body.String() != want.Body.String() {
							t.Errorf("process %d answers %s with %d %s, want %d %s", i, path, got.Code, got.Body, want.Code, want.Body)
						}
						for _, h := range []string{"Content-Type", httpapi.KeyHeader, httpapi.ValueHeader, httpapi.TaskHeader, "Retry-After", "Cache-Control"} {
							if got, want := got.Header().Get(h), want.Header().Get(h); got != want {
								t.Errorf("process %d answers %s with %s %q, want %q", i, path, h, got, want)
							}
						}
					}
				}
			}
		})
	}
}

// If several tasks have a key, the first one's value is returned, wherever the tasks are. A
// page has all of them.
func TestForward_KeyInSeveralTasks(t *testing.T) {
	j := newJob(t, func(c *httpapi.Config) {
		c.Plan.Stages[1].Inputs = []scheduler.Input{{Topic: "theirs", Partitions: tasks}}
	})
	for i, db := range j.dbs {
		b := db.NewBatch()
		for _, key := range []string{"a", "b", "c", "d", "e"}[i:] {
			b.Put(0, []byte(key), []byte(int64Of(byte(i))))
			b.Put(5, []byte("\x80\x00\x00\x00\x00\x00\x00\x00"+key), []byte("\x00"+int64Of(byte(i))))
		}
		if err := db.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range newCluster(t, j, 2) {
		for _, path := range []string{"counts/a", "counts/b", "counts/c", "counts/d", "counts/e", "minutes/e?window=0", "minutes/e", "minutes/e?limit=1"} {
			if got, want := p.get("/api/v1/stores/"+path), j.get("/api/v1/stores/"+path); got.Body.String() != want.Body.String() || got.Code != http.StatusOK {
				t.Errorf("process %d answers %s with %s, want %s", i, path, got.Body, want.Body)
			}
		}
		for limit := range 13 {
			if keys, _ := p.pages(fmt.Sprintf("/api/v1/stores/counts?limit=%d", limit+1)); strings.Join(keys, "") != `"a""b""b""c""c""c""d""d""d""e""e""e"` {
				t.Errorf("process %d by %d: %v", i, limit+1, keys)
			}
		}
	}
}

// No request goes to an owner without an address. The response names all missing tasks.
func TestForward_UnreachableOwner(t *testing.T) {
	j := filled(t)
	hung := make(chan struct{})
	for name, tt := range map[string]struct {
		address string
		status  int
		words   string
	}{
		"nobody is known":    {"", 503, "no owner at the moment"},
		"a dead owner":       {nobody(t), 503, "can't be reached"},
		"no address":         {"a b/c", 503, "an address"},
		"a slow owner":       {member(t, func(_ http.ResponseWriter, r *http.Request) { await(r.Context(), hung) }), 503, "in time"},
		"another token":      {elsewhere(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), 502, "refuses the token"},
		"another job":        {member(t, of("shop2", http.StatusNotFound, `{"error":"no key","missing":"key"}`)), 503, "isn't a process of this job"},
		"a program":          {elsewhere(t, http.NotFound), 503, "isn't a process of this job"},
		"a silent program":   {elsewhere(t, of("shop", http.StatusOK, `{"error":"no key","missing":"key"}`)), 503, "isn't a process of this job"},
		"led elsewhere":      {elsewhere(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }), 503, "isn't a process"},
		"a fault":            {member(t, of("shop", http.StatusInternalServerError, `{"error":"disk is gone"}`)), 500, "disk is gone"},
		"a full one":         {member(t, of("shop", http.StatusServiceUnavailable, `{"error":"64 queries"}`)), 503, "64 queries"},
		"a fault unsaid":     {member(t, of("shop", http.StatusInternalServerError, `oh`)), 503, "status 500"},
		"nonsense":           {member(t, of("shop", http.StatusOK, `{"pairs":[{"key":"Yg=="},{"key":"YQ=="}]}`)), 503, "can't be parsed"},
		"a page":             {member(t, of("shop", http.StatusOK, `{"store":"counts","entries":[]}`)), 503, "can't be parsed"},
		"it hasn't it now":   {member(t, of("shop", http.StatusMisdirectedRequest, `{"error":"no"}`)), 503, "doesn't have it any more"},
		"it breaks off":      {member(t, breakOff), 503, "can't be reached"},
		"it is itself again": {"self", 503, "isn't open"},
	} {
		t.Run(name, func(t *testing.T) {
			all := newCluster(t, j, 1, func(c *httpapi.Config) {
				if strings.HasPrefix(name, "a slow") {
					c.PeerTimeout = 50 * time.Millisecond
				}
			})
			p := all[0]
			for _, task := range []int32{1, 2} {
				p.readers.Hide("by-user", task, j.dbs[task].Reader())
				p.table.set(task, strings.Replace(tt.address, "self", p.address, 1))
			}
			for _, path := range []string{"counts/" + keyOf(1), "minutes/" + keyOf(1), "minutes/" + keyOf(1) + "?window=0"} {
				if problem := p.refused("/api/v1/stores/"+path, tt.status, tt.words); tt.status == 503 && (problem.Owner.Task != 1 || problem.Owner.Address != p.table.owners[1]) {
					t.Errorf("the owner is %+v", problem.Owner)
				}
			}
			if problem := p.refused("/api/v1/stores/counts", tt.status, tt.words, "2 of the 3 tasks"); !slices.Equal(problem.Tasks, []int32{1, 2}) {
				t.Errorf("missing are %v", problem.Tasks)
			}
			if w := p.get("/api/v1/stores/counts/" + keyOf(0)); w.Code != http.StatusNotFound {
				t.Errorf("what is here answers %d %s", w.Code, w.Body)
			}
		})
	}
	close(hung)
}

// await waits until either is done.
func await(ctx context.Context, c <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-c:
	}
}

// of answers as a process of a job.
func of(app string, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(httpapi.AppHeader, app)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func breakOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set(httpapi.AppHeader, "shop")
	_, _ = w.Write([]byte("{"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// An owner that isn't ready says so itself; one that can't be asked is spoken for by
// what is known.
func TestForward_RestoringOwner(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 3)
	all[2].readers.Hide("by-user", 2, j.dbs[2].Reader())
	all[2].cfg.Registry.Container("by-user", 4).Publish(&metricsLoop)
	for _, path := range []string{"counts/" + keyOf(2), "minutes/" + keyOf(2), "counts"} {
		p := all[0].refused("/api/v1/stores/"+path, http.StatusServiceUnavailable, "task 2 of stage by-user isn't open", "50 records")
		if p.Owner == nil || p.Owner.Address != all[2].address || *p.Owner.Container != 4 || p.Restore == nil || p.Restore.Left != 50 {
			t.Errorf("%s: %+v of %+v", path, p, p.Owner)
		}
		if w := all[0].get("/api/v1/stores/" + path); w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: again after %s", path, w.Header().Get("Retry-After"))
		}
	}
	all[2].stop()
	all[0].table.left = 40 * time.Second
	p := all[0].refused("/api/v1/stores/counts/"+keyOf(2), http.StatusServiceUnavailable, "can't be reached", "about 40s")
	if w := all[0].get("/api/v1/stores/counts/" + keyOf(2)); *p.Restore.Seconds != 40 || w.Header().Get("Retry-After") != "40" {
		t.Errorf("%+v, again after %s", p.Restore, w.Header().Get("Retry-After"))
	}
}

// What several processes lack is said once.
func TestForward_SeveralUnavailable(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 2)
	for task, db := range j.dbs {
		all[task%2].readers.Hide("by-user", int32(task), db.Reader())
	}
	for _, p := range all {
		problem := p.refused("/api/v1/stores/counts", http.StatusServiceUnavailable, "3 of the 3 tasks that are needed are unavailable; task 0 of stage by-user isn't open")
		if strings.Count(problem.Message, "needed") != 1 || !slices.Equal(problem.Tasks, []int32{0, 1, 2}) || problem.Owner.Address != all[0].address {
			t.Errorf("%+v of %+v", problem, problem.Owner)
		}
	}
}

// A task that has moved is looked for once more, where it is known to be by then.
func TestMoved(t *testing.T) {
	for _, path := range []string{"counts/" + keyOf(1), "minutes/" + keyOf(1), "counts", "minutes?limit=1"} {
		j := filled(t)
		j.put(0, keyOf(1), int64Of(1))
		j.putIn(time.UnixMilli(0), keyOf(1), "\x00"+int64Of(3))
		path := "/api/v1/stores/" + path
		want := j.get(path).Body.String()
		for to := range 3 {
			all := newCluster(t, j, 3)
			// It goes from process 1, which says so, on to another one.
			all[1].readers.Hide("by-user", 1, j.dbs[1].Reader())
			all[1].table.set(1, all[to].address)
			all[to].readers.Show("by-user", 1, j.dbs[1].Reader())
			all[to].table.set(1, all[to].address)
			asked := 0
			all[0].table.onAsked = func(task int32) {
				if task == 1 {
					if asked++; asked == 1 {
						all[0].table.owners[1] = all[to].address
					}
				}
			}
			if to == 0 {
				all[0].table.set(1, all[1].address)
			}
			if got := all[0].get(path); got.Code != http.StatusOK || got.Body.String() != want {
				t.Errorf("moved to %d, %s answers %d %s, want %s", to, path, got.Code, got.Body, want)
			}
			if asked < 2 && to != 1 {
				t.Errorf("the owner was looked up %d times", asked)
			}
		}
	}
}

// Where one of several tasks of a process has moved, the others aren't forgotten.
func TestForward_OneOfSeveralMoved(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 2) // the first has tasks 0 and 2
	for i, path := range []string{"counts", "minutes"} {
		all[0].readers.Hide("by-user", 2, j.dbs[2].Reader())
		all[0].table.set(2, all[1].address)
		all[1].table.set(2, all[0].address)
		asked := 0
		all[1].table.onAsked = func(task int32) {
			if task == 2 {
				asked++
				all[1].readers.Show("by-user", 2, j.dbs[2].Reader())
				all[1].table.owners[2] = all[1].address
			}
		}
		path = "/api/v1/stores/" + path
		if got, want := all[1].get(path), j.get(path); got.Code != http.StatusOK || got.Body.String() != want.Body.String() || asked < 2 {
			t.Errorf("%d: %s answers %d %s, want %s", i, path, got.Code, got.Body, want.Body)
		}
	}
}

// Two processes that take each other to be the owner ask each other once.
func TestLoops(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 3)
	all[0].table.set(1, all[1].address)
	all[1].table.set(1, all[0].address)
	all[1].readers.Hide("by-user", 1, j.dbs[1].Reader())
	for _, path := range []string{"counts/" + keyOf(1), "minutes/" + keyOf(1), "counts"} {
		for i, p := range all[:2] {
			problem := p.refused("/api/v1/stores/"+path, http.StatusServiceUnavailable, "task 1 of stage by-user is at "+all[1-i].address, "doesn't have it any more")
			if problem.Owner.Address != all[1-i].address {
				t.Errorf("process %d takes the owner to be %+v", i, problem.Owner)
			}
		}
	}
	// Nor does what is asked by another one go on if the task moves at that moment.
	third := elsewhere(t, func(http.ResponseWriter, *http.Request) { t.Error("a forwarded request has gone on") })
	all[2].table.onAsked = func(int32) { all[2].table.owners[2] = third }
	for _, path := range []string{"counts/" + keyOf(2), "minutes/ann", "counts"} {
		all[2].table.set(2, all[2].address)
		if w := all[2].get("/api/v1/stores/"+path, httpapi.ForwardedHeader, "2"); w.Code >= 500 {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
		all[2].readers.Hide("by-user", 2, j.dbs[2].Reader())
		all[2].table.set(2, all[2].address)
		if w := all[2].get("/api/v1/stores/"+path, httpapi.ForwardedHeader, "2"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
		all[2].readers.Show("by-user", 2, j.dbs[2].Reader())
	}
	for header, status := range map[string]int{"1": 421, "0": 404, "1,0": 421, "": 400, "3": 400, "-1": 400, "0,0": 400, "x": 400, "0,": 400} {
		if w := all[0].get("/api/v1/stores/counts/"+keyOf(1), httpapi.ForwardedHeader, header); w.Code != status {
			t.Errorf("forwarded for %q answers %d %s", header, w.Code, w.Body)
		}
	}
}

// The token of each process is asked for by the others.
func TestForward_Tokens(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 3)
	other := newCluster(t, j, 3, func(c *httpapi.Config) { c.Tokens = signed.Tokens{"another"} })
	all[0].table.set(1, other[1].address)
	all[0].refused("/api/v1/stores/counts/"+keyOf(1), http.StatusBadGateway, "refuses the token")
	all[0].refused("/api/v1/stores/counts", http.StatusBadGateway, "refuses the token")
	open := newCluster(t, j, 2, func(c *httpapi.Config) { c.Tokens = nil })
	if w := open[0].get("/api/v1/stores/counts"); w.Code != http.StatusOK {
		t.Errorf("without tokens it answers %d %s", w.Code, w.Body)
	}
}

// The server doesn't wait for a client that has gone.
func TestCancelled(t *testing.T) {
	j := filled(t)
	p := newCluster(t, j, 1)[0]
	arrived, gone, ended := make(chan struct{}, 8), make(chan struct{}, 8), make(chan struct{})
	t.Cleanup(func() { close(ended) })
	p.readers.Hide("by-user", 1, j.dbs[1].Reader())
	p.table.set(1, member(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		await(r.Context(), ended)
		gone <- struct{}{}
	}))
	for _, path := range []string{"/api/v1/stores/counts/" + keyOf(1), "/api/v1/stores/counts", "/api/v1/job"} {
		ctx, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() { p.getAs(ctx, path) })
		<-arrived
		cancel()
		asking.Wait()
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the owner goes on working", path)
			return
		}
	}
}
