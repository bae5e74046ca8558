package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
)

var states = []string{"/api/v1/job", "/api/v1/stores/counts", "/api/v1/stores/counts/ann", "/metrics", "/", "//healthz"}
var probes = []string{"/api/v1/health", "/healthz"}

func TestToken(t *testing.T) {
	const token = "s3cret-and-long"
	j := filled(t, func(c *httpapi.Config) { c.Tokens = signed.Tokens{token} })
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer s3cret", "Bearer " + token + "x", "Basic " + token, token, "Bearer S3cret-and-long"} {
		for _, path := range states {
			w := j.get(path, "Authorization", header)
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != "Bearer" || strings.Contains(w.Body.String(), token) {
				t.Errorf("%s with %q answers %d %s", path, header, w.Code, w.Body)
			}
		}
		for _, path := range probes {
			if w := j.get(path, "Authorization", header); w.Code != http.StatusOK {
				t.Errorf("%s with %q answers %d %s", path, header, w.Code, w.Body)
			}
		}
	}
	for _, header := range []string{"Bearer " + token, "bearer  " + token} {
		for _, path := range states[:4] {
			if w := j.get(path, "Authorization", header, "Host", "10.1.2.3:8080"); w.Code != http.StatusOK {
				t.Errorf("%s with the token answers %d %s", path, w.Code, w.Body)
			}
		}
	}
}

// A read-only token is for the job and the metrics.
func TestReadToken(t *testing.T) {
	j := filled(t, func(c *httpapi.Config) { c.Tokens, c.ReadTokens = signed.Tokens{"job"}, signed.Tokens{"new", "old"} })
	for _, token := range []string{"new", "old"} {
		for _, path := range states {
			want := http.StatusUnauthorized
			if path == "/api/v1/job" || path == "/metrics" {
				want = http.StatusOK
			}
			if w := j.get(path, "Authorization", "Bearer "+token); w.Code != want {
				t.Errorf("%s answers %d %s, want %d", path, w.Code, w.Body, want)
			}
		}
		for _, path := range []string{httpapi.DrainPath, httpapi.StopPath, httpapi.LeavePath, "/api/v1/job", "/metrics"} {
			if w := j.ask(http.MethodPost, path, "Authorization", "Bearer "+token); w.Code != http.StatusUnauthorized {
				t.Errorf("POST %s answers %d %s", path, w.Code, w.Body)
			}
		}
	}
}

// On this machine, the token of the user is for the stores, and for what changes the job.
func TestLocal(t *testing.T) {
	j := filled(t, func(c *httpapi.Config) {
		c.Tokens, c.Local, c.TokenFile = signed.Tokens{"mine"}, true, "/home/ann/token"
	})
	open := append([]string{"/api/v1/job", "/metrics"}, probes...)
	closed := []string{"/api/v1/stores/counts", "/api/v1/stores/counts/ann", "/"}
	for _, path := range append(open, closed...) {
		want := http.StatusOK
		if slices.Contains(closed, path) {
			want = http.StatusUnauthorized
		}
		if w := j.get(path); w.Code != want || want != http.StatusOK && !strings.Contains(w.Body.String(), "$(head -n 1 '/home/ann/token')") {
			t.Errorf("%s answers %d %s, want %d", path, w.Code, w.Body, want)
		}
		if w := j.get(path, "Host", "evil.example"); w.Code != http.StatusForbidden {
			t.Errorf("%s of another host answers %d", path, w.Code)
		}
		if w := j.get(path, "Host", "10.1.2.3"); w.Code != http.StatusForbidden {
			t.Errorf("%s of another address answers %d", path, w.Code)
		}
		if w := j.get(path, "Authorization", "Bearer mine"); w.Code == http.StatusUnauthorized {
			t.Errorf("%s with the token answers %d", path, w.Code)
		}
	}
	for _, path := range []string{httpapi.DrainPath, httpapi.StopPath, httpapi.LeavePath, httpapi.MovePath("by-user", 1), "/api/v1/job"} {
		if w := j.ask(http.MethodPost, path, "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusUnauthorized {
			t.Errorf("POST %s answers %d", path, w.Code)
		}
	}
}

// A server that is reached from other machines knows its names, too.
func TestHosts_WithToken(t *testing.T) {
	j := filled(t, func(c *httpapi.Config) { c.Tokens = signed.Tokens{"t"} })
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, ok := range map[string]bool{
		"localhost": true, "10.1.2.3:8080": true, "[fe80::1]:80": true, "": true, "here.example": true, machine + ":80": true,
		"evil.example": false, "evil.example:8080": false, "10.1.2.3.evil.example": false,
	} {
		for _, path := range append(probes, states[:4]...) {
			w := j.get(path, "Host", host, "Authorization", "Bearer t")
			if (w.Code == http.StatusOK) != ok || !ok && w.Code != http.StatusForbidden {
				t.Errorf("%s of host %q answers %d %s", path, host, w.Code, w.Body)
			}
		}
	}
}

// Without a token, a name that isn't this machine's may be a page's that has led a
// browser here.
func TestHosts(t *testing.T) {
	j := filled(t)
	for host, ok := range map[string]bool{
		"localhost:8080": true, "LOCALHOST": true, "127.0.0.1:1": true, "127.8.9.1": true, "[::1]:8080": true, "[::1]": true,
		"here.example:8080": true, "Here.Example": true, "localhost.:80": true,
		"": false, "evil.example:8080": false, "localhost.evil.example": false, "10.1.2.3:8080": false, "127.0.0.1.evil.example": false, "[::]:8080": false, "0.0.0.0": false,
	} {
		for _, path := range append(probes, states[:4]...) {
			if w := j.get(path, "Host", host); (w.Code == http.StatusOK) != ok || !ok && w.Code != http.StatusForbidden {
				t.Errorf("%s of host %q answers %d %s", path, host, w.Code, w.Body)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	j := filled(t)
	for _, path := range []string{"/api/v1/job", "/api/v1/health", "/api/v1/stores/counts", "/api/v1/stores/counts/ann"} {
		for method, want := range map[string]int{http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405, http.MethodOptions: 405} {
			r := httptest.NewRequest(method, path, http.NoBody)
			r.Host = "localhost"
			if w := j.serve(r); w.Code != want || want == 405 && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s answers %d, %v", method, path, w.Code, w.Header())
			}
		}
	}
}
