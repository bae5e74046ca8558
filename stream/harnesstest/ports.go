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

// Loopback is where everything listens.
const Loopback = "127.0.0.1"

// Address is that of a port.
func Address(port int) string {
	return net.JoinHostPort(Loopback, strconv.Itoa(port))
}

// Ports are divided into blocks, each of which belongs to one cluster as long as its
// file is locked. A process that is started again finds its port free: so they are taken
// below those that operating systems give to outgoing connections.
type Ports struct {
	Dir         string // of the files
	First, Last int
	Block       int // how many ports
}

// Reserve returns the first port of a block at which nobody listens, and the file whose
// lock holds it.
func (p Ports) Reserve(ctx context.Context) (int, *os.File, error) {
	if err := os.MkdirAll(p.Dir, 0o777); err != nil {
		return 0, nil, fmt.Errorf("make the directory for the locks of ports: %w", err)
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
	return 0, nil, fmt.Errorf("no %d free ports in a row between %d and %d", p.Block, p.First, p.Last)
}

// free tells whether nobody listens at a block of ports.
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
