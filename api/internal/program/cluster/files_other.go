//go:build !unix

package cluster

// openFileLimit isn't known here.
func openFileLimit() uint64 { return 0 }
