//go:build rocksdb

package rocksdb

import (
	"os"

	"golang.org/x/sys/unix"
)

// warmStep is how much of a file Linux begins to read at one advice.
const warmStep = 128 << 10

// warm has the system read a file in the background: RocksDB tells it to forget what
// it writes for loads, and what was restored is asked for at once. Only time is at
// stake.
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
