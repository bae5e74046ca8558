package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/local"
)

// DataDir returns the default data directory of an app.
func DataDir(app string) string { return filepath.Join(".grete", app) }

// HasLog reports whether a data directory has an embedded log.
func HasLog(data string) bool {
	_, err := os.Stat(filepath.Join(data, "log"))
	return !errors.Is(err, fs.ErrNotExist)
}

// Lock makes a data directory, if it doesn't exist, and locks it for this process. The
// caller closes the lock.
func Lock(data string) (io.Closer, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, dataError(data, err)
	}
	lock, err := local.LockDir(data)
	if err != nil {
		return nil, dataError(data, err)
	}
	return lock, nil
}

// OpenLog opens the embedded log of a data directory. The caller has locked it.
func OpenLog(data string, log *slog.Logger) (*local.System, error) {
	system, err := local.Open(filepath.Join(data, "log"), local.Options{Logger: log})
	if err != nil {
		return nil, dataError(data, err)
	}
	return system, nil
}

func dataError(data string, err error) error {
	return fmt.Errorf("data directory %s: %w", data, err)
}

// OpenKafka opens a cluster.
func OpenKafka(ctx context.Context, o kafka.Options, log *slog.Logger) (*kafka.System, error) {
	o.Logger = log
	return kafka.Open(ctx, o)
}

// Explain adds to an error what the user can do about it, if it doesn't say so itself.
func Explain(err error) error {
	if errors.Is(err, kv.ErrMemoryBudget) {
		return fmt.Errorf("%w: raise -memory, or build with -tags rocksdb, which keeps state on disk", err)
	}
	return err
}
