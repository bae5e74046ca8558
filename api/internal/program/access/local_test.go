package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Processes that start at the same time have the same token, in a file that only the user
// can read.
func TestMakeLocal_Concurrently(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	if tokens, err := FindLocal(config, "words"); tokens != nil || err != nil {
		t.Errorf("before there is one it found %v, %v", tokens, err)
	}
	var g sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		g.Go(func() {
			tokens, _, err := MakeLocal(config, "words")
			if err != nil {
				t.Error(err)
			}
			got[i] = strings.Join(tokens, " ")
		})
	}
	g.Wait()
	tokens, file, err := MakeLocal(config, "words")
	if err != nil || len(tokens) != 1 || len(tokens[0]) != 43 {
		t.Fatalf("it made %v, %v", tokens, err)
	}
	for _, token := range got {
		if token != tokens[0] {
			t.Errorf("tokens differ: %v", got)
		}
	}
	if other, _, err := MakeLocal(config, "other"); err != nil || other[0] == tokens[0] {
		t.Errorf("of another app: %v", err)
	}
	for path, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700, filepath.Dir(filepath.Dir(file)): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMakeLocal_Refusals(t *testing.T) {
	if _, _, err := MakeLocal("", "words"); !errors.Is(err, ErrNoConfig) {
		t.Errorf("without a directory: %v", err)
	}
	config := t.TempDir()
	_, file, err := MakeLocal(config, "words")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := MakeLocal(config, "words"); err == nil || !strings.Contains(err.Error(), file+": the file is empty; delete it") {
		t.Errorf("an empty file: %v", err)
	}
}
