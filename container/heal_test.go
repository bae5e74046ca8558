package container_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/kv"
)

// A hopeless disk spoils whatever is written to it.
type hopeless struct{ *disk }

func (h hopeless) Open(dir string, stores []string) (kv.Database, error) {
	db, err := h.disk.Open(dir, stores)
	h.rotten[dir] = true
	return db, err
}

// A disk that spoils the state again and again isn't restored to for ever.
func TestOpen_FailsIfDiskStaysCorrupt(t *testing.T) {
	m := tallied(t)
	var said bytes.Buffer
	m.cfg.Engine, m.cfg.Logger = hopeless{m.disk}, slog.New(slog.NewTextHandler(&said, nil))
	_, err := container.Open(context.Background(), m.cfg)
	if failed := (*kv.DatabaseError)(nil); !errors.As(err, &failed) || !errors.Is(err, kv.ErrCorrupt) || failed.Dir == "" {
		t.Fatalf("it ends with %v", err)
	}
	if n := strings.Count(said.String(), "local state is corrupt"); n < 2 || n > 50 || !strings.Contains(said.String(), "directory=tally") {
		t.Errorf("it has tried %d times:\n%s", n, said.String())
	}
	clear(m.disk.rotten)
	m.cfg.Engine = m.disk
	m.sendTo(0, "a")
	m.finish() // on a good one it goes on
}
