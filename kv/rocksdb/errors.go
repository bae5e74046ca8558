//go:build rocksdb

package rocksdb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/stream"
)

// translate turns an error of RocksDB, which is text only, into one of package kv or
// stream.
func translate(err error) error {
	if err == nil || errors.Is(err, kv.ErrCorrupt) || errors.Is(err, stream.ErrClosed) {
		return err
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "lock hold by current process"), strings.Contains(text, "While lock file"):
		return fmt.Errorf("%w: %s", stream.ErrLocked, text)
	case strings.HasPrefix(text, "Corruption"), missingFile(text):
		return fmt.Errorf("%w: %s", kv.ErrCorrupt, text)
	}
	return err
}

// missingFile reports whether a file that the database's list names is missing.
func missingFile(text string) bool {
	if !strings.Contains(text, "No such file or directory") {
		return false
	}
	return strings.Contains(text, ".sst") || strings.Contains(text, "MANIFEST")
}
