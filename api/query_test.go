package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api"
)

// The token of the user is found by the name of the app.
func TestQuery_LocalToken(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	ask := func() error {
		_, _, err := api.Query[string, int64](t.Context(), "127.0.0.1:1", "views", "ann", api.QueryApp("shop"))
		return err
	}
	if err := ask(); err == nil || !strings.Contains(err.Error(), "no token of shop") {
		t.Errorf("without a token: %v", err)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(config, "grete", "shop")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with a token: %v", err)
	}
}
