package harnesstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Loopback is the address at which all test processes listen.
const Loopback = "127.0.0.1"

// Address returns the loopback address of a port.
func Address(port int) string {
	return net.JoinHostPort(Loopback, strconv.Itoa(port))
}

// Ports is a range of ports that is divided into blocks. A block belongs to the cluster
// that has locked its file. The range must lie below the ephemeral ports of the operating
// system, so that the port of a restarting process stays free.
type Ports struct {
	Dir         string // directory of the lock files
	First, Last int
	Block       int // ports in a block
}

// Reserve reserves a block whose ports are all free. It returns the block's first port
// and its locked file.
func (p Ports) Reserve(ctx context.Context) (int, *os.File, error) {
	if err := os.MkdirAll(p.Dir, 0o777); err != nil {
		return 0, nil, fmt.Errorf("create the directory for port locks: %w", err)
	}
	blocks := (p.Last - p.First) / p.Block
	at := rand.IntN(blocks)
	for i := range blocks {
		first := p.First + (at+i)%blocks*p.Block
		lock, err := TryLock(filepath.Join(p.Dir, strconv.Itoa(first)))
		if err != nil {
			return 0, nil, err
		}
		if lock == nil {
			continue
		}
		if p.free(ctx, first) {
			return first, lock, nil
		}
		Unlock(lock)
	}
	return 0, nil, fmt.Errorf("no block of %d free ports between %d and %d", p.Block, p.First, p.Last)
}

// free reports whether all ports of a block are free.
func (p Ports) free(ctx context.Context, first int) bool {
	var lc net.ListenConfig
	for port := first; port < first+p.Block; port++ {
		l, err := lc.Listen(ctx, "tcp", Address(port))
		if err != nil {
			return false
		}
		_ = l.Close() // nobody connected
	}
	return true
}
