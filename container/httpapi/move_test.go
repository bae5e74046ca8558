package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/container/membership"
)

// ask asks for a path by a method, with headers as pairs, as a client on this machine.
func (j *job) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	j.t.Helper()
	r := httptest.NewRequest(method, path, http.NoBody)
	r.Host = "localhost:8080"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return j.serve(r)
}

const moves = "/api/v1/stages/by-user/tasks/"

func TestMove_ReachesContainer(t *testing.T) {
	var requests membership.MoveRequests
	requests.Register("by-user", "a-0")
	j := newJob(t, func(cfg *httpapi.Config) { cfg.MoveRequests = &requests })
	for _, path := range []string{moves + "2/move", moves + "0/move?instance=a-0", httpapi.MovePath("by-user", 0)} {
		w := j.ask(http.MethodPost, path, "Sec-Fetch-Site", "same-origin")
		if w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), `"instance": "a-0"`) || w.Header().Get(httpapi.AppHeader) != "shop" {
			t.Errorf("%s answers %d:\n%s", path, w.Code, w.Body)
		}
	}
	if got := requests.Take("by-user", "a-0"); !slices.Equal(got, []int32{2, 0}) {
		t.Errorf("it has requested %v", got)
	}
	if got := requests.Take("by-user", "a-0"); got != nil {
		t.Errorf("once more for %v", got)
	}
	requests.Register("by-user", "a-1")
	if w := j.ask(http.MethodPost, moves+"2/move"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "a-0, a-1") {
		t.Errorf("for one of two it answers %d:\n%s", w.Code, w.Body)
	}
}

func TestMove_Refusals(t *testing.T) {
	var requests membership.MoveRequests
	requests.Register("by-user", "a-0")
	j := newJob(t, func(cfg *httpapi.Config) { cfg.MoveRequests = &requests })
	for _, test := range []struct {
		method, path, header, value string
		status                      int
		says                        string
	}{
		{http.MethodPost, moves + "3/move", "", "", 404, "there are 0 to 2"},
		{http.MethodPost, moves + "-1/move", "", "", 404, "there are 0 to 2"},
		{http.MethodPost, moves + "4294967296/move", "", "", 404, "there are 0 to 2"},
		{http.MethodPost, "/api/v1/stages/nothing/tasks/0/move", "", "", 404, "orders, by-user"},
		{http.MethodPost, moves + "0/move?instance=b-0", "", "", 404, "there are: a-0"},
		{http.MethodPost, "/api/v1/stages/orders/tasks/0/move", "", "", 400, "instance=NAME"},
		{http.MethodPost, moves + "0/move", "Origin", "http://elsewhere.example", 403, "origin"},
		{http.MethodPost, moves + "0/move", "Sec-Fetch-Site", "cross-site", 403, "origin"},
		{http.MethodGet, moves + "0/move", "", "", 405, "POST"},
		{http.MethodPut, moves + "0/move", "", "", 405, "POST"},
	} {
		if w := j.ask(test.method, test.path, test.header, test.value); w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
			t.Errorf("%+v is answered %d:\n%s", test, w.Code, w.Body)
		}
	}
	if got := requests.Take("by-user", "a-0"); got != nil {
		t.Errorf("it has still requested %v", got)
	}
	if w := newJob(t).ask(http.MethodPost, moves+"0/move"); w.Code != http.StatusConflict {
		t.Errorf("where tasks are fixed it answers %d:\n%s", w.Code, w.Body)
	}
	guarded := newJob(t, func(cfg *httpapi.Config) { cfg.Tokens = signed.Tokens{"secret"} })
	if w := guarded.ask(http.MethodPost, moves+"0/move"); w.Code != http.StatusUnauthorized {
		t.Errorf("without the token it answers %d", w.Code)
	}
}
