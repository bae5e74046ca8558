//go:build rocksdb

package rocksdb

import (
	"os"

	"golang.org/x/sys/unix"
)

// warmStep is how much of a file Linux starts to read for one advice.
const warmStep = 128 << 10

// warm lets the system read a file in the background: RocksDB drops the files that it
// loads from the page cache, and restored entries are read soon. An error costs time
// only.
func warm(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return
	}
	for at := int64(0); at < info.Size(); at += warmStep {
		_ = unix.Fadvise(int(f.Fd()), at, warmStep, unix.FADV_WILLNEED)
	}
}
