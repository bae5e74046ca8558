package commands_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
)

// Only the user can read the log and the state.
func TestRun_FileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no modes here")
	}
	dir := filepath.Join(t.TempDir(), "data")
	file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`)
	runMain(t.Context(), words(), "-feed", "words="+file, "-once", "-data", dir).Succeeded(t)
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		n++
		// RocksDB's own files are readable, in a directory that others can't enter.
		parent, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return err
		}
		if info.Mode()&0o077 != 0 && (d.IsDir() || parent.Mode()&0o077 != 0) {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || n < 5 {
		t.Errorf("there are %d files: %v", n, err)
	}
}
