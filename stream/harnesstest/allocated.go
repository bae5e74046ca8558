package harnesstest

import (
	"runtime"
	"testing"
)

// Frugal calls f, which decodes size bytes, and fails the test if it allocates more than
// factor bytes for each of them. A small input may take a megabyte.
func Frugal(t testing.TB, size, factor int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	const small = 1 << 20
	if taken := after.TotalAlloc - before.TotalAlloc; taken > uint64(small+factor*size) {
		t.Errorf("decoding %d bytes has allocated %d", size, taken)
	}
}
