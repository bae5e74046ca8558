package feed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFeed_NamedPipe(t *testing.T) {
	for name, text := range map[string]string{"plain": "a\nb\nc", "gzip": gzipped("a\nb\nc"), "zstd": zstded("a\nb\nc\n")} {
		t.Run(name, func(t *testing.T) {
			x, path := newTopic(t), fifo(t)
			for range 2 { // each time from the beginning: a pipe has no position
				written := make(chan error)
				go func() { written <- os.WriteFile(path, []byte(text), 0) }()
				x.fed(path, "a", "b", "c")
				if err := <-written; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestFeed_StoppedWhileOpening(t *testing.T) {
	x, path := newTopic(t), fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := x.feed(path).Run(ctx, x.system)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	unblock(t, path)
}

func TestFeed_StoppedWhileReading(t *testing.T) {
	x, path := newTopic(t), fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := x.feed(path).Run(ctx, x.system)
		ended <- err
	}()
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // returns when it is read
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err != nil { // ends the read
		t.Fatal(err)
	}
}

// unblock ends an opening of a named pipe that was abandoned, if it has begun.
func unblock(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A pipe beside a replaced file may look like its predecessor by its name. Opening it would
// wait for a writer.
func TestFeed_PipeIsNoPredecessor(t *testing.T) {
	x := newTopic(t)
	file := write(t, filepath.Join(t.TempDir(), "app.log"), "old-1\nold-2\n")
	x.fed(file, "old-1", "old-2")
	if err := syscall.Mkfifo(file+".1", 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, file, "new\n")
	x.refused(file, "isn't the one that was fed before", "give it another name")
}
