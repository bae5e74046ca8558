package jobclient

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/httpapitest"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
)

const secret = "s3cret"

// listen starts the HTTP API of a job. An observer is on the path to it.
func listen(t *testing.T, left *bool) *httpapitest.Wire {
	w := httpapitest.NewWire(t)
	s, err := httpapi.Listen(t.Context(), httpapi.Config{
		Advertise: w.Address, Tokens: signed.Tokens{secret}, Plan: &scheduler.Plan{App: "words"}, Readers: &container.Readers{},
		Registry: metrics.NewRegistry(metrics.Config{App: "words"}), Leave: func(time.Time) { *left = true },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.To(strings.TrimPrefix(s.URL(), "http://"))
	return w
}

func TestClient_TokenNeverOnTheWire(t *testing.T) {
	left := false
	w := listen(t, &left)
	client := New("words", signed.Tokens{secret}, nil)
	defer client.Close()
	var job model.Job
	if err := client.Get(t.Context(), w.Address, "/api/v1/job", &job); err != nil || job.App != "words" {
		t.Errorf("the job is %+v, %v", job, err)
	}
	if err := client.Post(t.Context(), w.Address, httpapi.LeavePath, url.Values{"x": {"y"}}, new(httpapi.Leave)); err != nil || !left {
		t.Errorf("the shutdown notice: %v, %v", left, err)
	}
	if err := client.Entries(t.Context(), []string{w.Address}, "count", nil); err == nil || !strings.Contains(err.Error(), "no store") {
		t.Errorf("entries: %v", err)
	}
	var transport http.Transport
	defer transport.CloseIdleConnections()
	q := Query{Address: w.Address, Store: "count", Token: secret, Client: &http.Client{Transport: &transport}}
	if _, _, err := q.Do(t.Context(), []byte("ann")); err == nil || !strings.Contains(err.Error(), "no store") {
		t.Errorf("a query: %v", err)
	}
	seen := w.Seen()
	if n := bytes.Count(seen, []byte("\r\nGrete-Signature: ")); n != 4 || bytes.Contains(seen, []byte(secret)) {
		t.Errorf("%d responses were signed:\n%s", n, seen)
	}
}

// A process at which a command isn't aimed gets its request from a member in between.
func TestClient_StolenAddress(t *testing.T) {
	left := false
	there, between := listen(t, &left), httpapitest.NewWire(t)
	between.To(there.Address)
	client := New("words", signed.Tokens{secret}, nil)
	defer client.Close()
	err := client.Post(t.Context(), between.Address, httpapi.LeavePath, nil, new(httpapi.Leave))
	if err == nil || left || !strings.Contains(err.Error(), "is signed for "+between.Address+", and this process is "+there.Address) {
		t.Errorf("it got %v; leaves: %v", err, left)
	}
}

func TestClient_AnotherToken(t *testing.T) {
	left := false
	w := listen(t, &left)
	for _, tokens := range []signed.Tokens{nil, {"another"}} {
		client := New("words", tokens, nil)
		err := client.Post(t.Context(), w.Address, httpapi.LeavePath, nil, new(httpapi.Leave))
		client.Close()
		if !IsRefused(err) || left {
			t.Errorf("with %v it got %v", tokens, err)
		}
	}
}

// A command that is given a token trusts nobody without it.
func TestClient_UnsignedResponse(t *testing.T) {
	left := false
	w := listen(t, &left)
	w.Response = func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("\r\nGrete-Signature: "), []byte("\r\nGrete-Signature: x"))
	}
	client := New("words", signed.Tokens{secret}, nil)
	defer client.Close()
	if err := client.Get(t.Context(), w.Address, "/api/v1/job", new(model.Job)); err == nil || !strings.Contains(err.Error(), "isn't signed") {
		t.Errorf("it got %v", err)
	}
}
