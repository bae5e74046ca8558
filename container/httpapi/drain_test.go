package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/container/membership"
)

func TestDrain_StopAndLeave(t *testing.T) {
	var hold membership.Hold
	stopped, leaves := 0, time.Time{}
	j := newJob(t, func(cfg *httpapi.Config) {
		cfg.Hold, cfg.Stop, cfg.Leave = &hold, func() { stopped++ }, func(until time.Time) { leaves = until }
	})
	for path, says := range map[string]string{httpapi.DrainPath: `"containers": 0`, httpapi.StopPath: `"stopping": true`, httpapi.LeavePath: `"leaving": true`} {
		w := j.ask(http.MethodPost, path, "Sec-Fetch-Site", "same-origin")
		if w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), says) || w.Header().Get(httpapi.AppHeader) != "shop" {
			t.Errorf("%s answers %d:\n%s", path, w.Code, w.Body)
		}
	}
	if stopped != 1 {
		t.Errorf("it was stopped %d times", stopped)
	}
	if left := time.Until(leaves); left <= httpapi.LeaveLease/2 || left > httpapi.LeaveLease {
		t.Errorf("it leaves if it ends within %v", left)
	}
	if now := time.Now(); !hold.On(now.Add(httpapi.DrainLease-time.Second)) || hold.On(now.Add(httpapi.DrainLease+time.Second)) {
		t.Error("the lease isn't as long as it should be")
	}
}

func TestDrain_Refusals(t *testing.T) {
	var hold membership.Hold
	able := func(cfg *httpapi.Config) {
		cfg.Hold, cfg.Stop, cfg.Leave = &hold, func() { t.Error("it was stopped") }, func(time.Time) { t.Error("it is to leave") }
	}
	guarded := func(cfg *httpapi.Config) { able(cfg); cfg.Tokens = signed.Tokens{"secret"} }
	fixed := func(*httpapi.Config) {}
	for _, path := range []string{httpapi.DrainPath, httpapi.StopPath, httpapi.LeavePath} {
		for _, test := range []struct {
			what          string
			change        func(*httpapi.Config)
			method        string
			header, value string
			status        int
		}{
			{"a GET", able, http.MethodGet, "", "", 405},
			{"another origin", able, http.MethodPost, "Origin", "http://elsewhere.example", 403},
			{"another site", able, http.MethodPost, "Sec-Fetch-Site", "cross-site", 403},
			{"no token", guarded, http.MethodPost, "", "", 401},
			{"fixed tasks", fixed, http.MethodPost, "", "", 409},
		} {
			if w := newJob(t, test.change).ask(test.method, path, test.header, test.value); w.Code != test.status {
				t.Errorf("%s for %s is answered %d:\n%s", path, test.what, w.Code, w.Body)
			}
		}
	}
	if hold.On(time.Now()) {
		t.Error("it holds")
	}
}
