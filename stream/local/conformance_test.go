package local_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
	"github.com/gretestream/grete/stream/streamtest"
)

// sizes are the segment sizes to test: the default, and one so small that every test
// needs several segments. Syncs would take most of the time and are disabled: no test
// here simulates a power failure.
var sizes = map[string]local.Options{
	"default": {Sync: local.SyncNever},
	"small":   {Sync: local.SyncNever, SegmentBytes: 500, CompactedSegmentBytes: 200, Retention: -1},
}

func TestConformance(t *testing.T) {
	for name, opts := range sizes {
		open := func(t *testing.T) stream.System {
			s, err := local.Open(t.TempDir(), opts)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			return s
		}
		t.Run(name, func(t *testing.T) {
			t.Run("any", func(t *testing.T) { streamtest.Run(t, open) })
			t.Run("instant", func(t *testing.T) { streamtest.RunInstant(t, open) })
			t.Run("persistent", func(t *testing.T) {
				streamtest.RunPersistent(t, func(t *testing.T) streamtest.Storage { return storage(t, opts) })
			})
		})
	}
}

// storage keeps a log in a directory. A crash continues in a copy of the directory,
// so that the old system can't affect it. Copying takes a while, so Crash finishes
// the background work first.
func storage(t *testing.T, opts local.Options) streamtest.Storage {
	root := t.TempDir()
	var sys *local.System
	crashes := 0
	dir := func() string { return filepath.Join(root, strconv.Itoa(crashes)) }
	return streamtest.Storage{
		Open: func() (s stream.System, err error) {
			sys, err = local.Open(dir(), opts)
			return sys, err
		},
		Crash: func() error {
			if err := sys.Clean(t.Context()); err != nil {
				return err
			}
			old := dir()
			crashes++
			return os.CopyFS(dir(), os.DirFS(old))
		},
	}
}
