package commands_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
)

func TestTokenNew(t *testing.T) {
	one, other := runMain(t.Context(), words(), "token", "new"), runMain(t.Context(), words(), "token", "new")
	one.Succeeded(t)
	other.Succeeded(t)
	if len(strings.TrimSpace(one.Out)) != 43 || one.Out == other.Out || one.Err != "" {
		t.Errorf("it printed %q and %q, and %q", one.Out, other.Out, one.Err)
	}
	file := filepath.Join(t.TempDir(), "token")
	r := runMain(t.Context(), words(), "token", "new", file)
	r.Succeeded(t)
	b, err := os.ReadFile(file)
	if err != nil || len(strings.TrimSpace(string(b))) != 43 || strings.Contains(r.Out+r.Err, strings.TrimSpace(string(b))) {
		t.Errorf("the file has %q, %v; it printed %q", b, err, r.Out+r.Err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	runMain(t.Context(), words(), "token", "new", file).Failed(t, file+" exists")
	if again, err := os.ReadFile(file); err != nil || string(again) != string(b) {
		t.Errorf("the file was replaced: %v", err)
	}
}

// On a loopback address, a store needs the token of the user. The commands find it.
func TestRun_LocalToken(t *testing.T) {
	t.Setenv("GRETE_TOKEN", "")
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	address, stop := background(t, words(), "-feed", "words="+file, "-data", filepath.Join(dir, "data"))
	defer stop()
	for path, want := range map[string]int{"/api/v1/job": 200, "/metrics": 200, "/healthz": 200, "/api/v1/stores/count/a": 401} {
		if got := status(t, "http://"+address+path, ""); got != want {
			t.Errorf("%s without a token: %d, want %d", path, got, want)
		}
	}
	token := runMain(t.Context(), words(), "token", "show").Succeeded(t).Out
	await(t, "the result", func() bool {
		return status(t, "http://"+address+"/api/v1/stores/count/a", strings.TrimSpace(token)) == http.StatusOK
	})
	if r := runMain(t.Context(), words(), "stores", "dump", "count", "-address", address).Succeeded(t); !strings.Contains(r.Out, `"a"`) {
		t.Errorf("it dumped %s", r.Out)
	}
	t.Setenv("GRETE_TOKEN", "another")
	runMain(t.Context(), words(), "stores", "dump", "count", "-address", address).Failed(t, "refuses the request", "token")
}

// status returns the status of the response to a GET.
func status(t *testing.T, url, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}
