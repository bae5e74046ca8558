package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
