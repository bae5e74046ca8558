package nomadtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// An agent must find its ports free when it is started again, and tasks those that
// it gives them. So ports are taken below those that operating systems give to
// outgoing connections, and below those of package kafkatest, in blocks, each of
// which belongs to one cluster as long as its file is locked. Clients share an
// address, so each has ports of its own for its tasks.
const (
	firstPort = 10000
	lastPort  = 20000
	blockSize = 400

	portsPerAgent = 3
	portsForTasks = (blockSize - portsPerAgent*(1+maxClients)) / maxClients
)

// loopback is where everything listens.
const loopback = "127.0.0.1"

// reservePorts returns the first port of a block, and the file whose lock holds it.
func reservePorts(ctx context.Context) (int, *os.File, error) {
	dir := filepath.Join(os.TempDir(), "grete-nomad-ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return 0, nil, fmt.Errorf("make the directory for the locks of ports: %w", err)
	}
	const blocks = (lastPort - firstPort) / blockSize
	at := rand.IntN(blocks)
	for i := range blocks {
		first := firstPort + (at+i)%blocks*blockSize
		lock, err := tryLock(filepath.Join(dir, strconv.Itoa(first)))
		if err != nil {
			return 0, nil, err
		}
		if lock == nil {
			continue
		}
		if allFree(ctx, first) {
			return first, lock, nil
		}
		unlock(lock)
	}
	return 0, nil, fmt.Errorf("no %d free ports in a row between %d and %d", blockSize, firstPort, lastPort)
}

// allFree tells whether nobody listens at a block of ports.
func allFree(ctx context.Context, first int) bool {
	var lc net.ListenConfig
	for port := first; port < first+blockSize; port++ {
		l, err := lc.Listen(ctx, "tcp", address(port))
		if err != nil {
			return false
		}
		_ = l.Close() // nobody connected
	}
	return true
}

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}

// tryLock opens and locks a file. It returns nil if another process has the lock.
// The last end of all processes that have the file open gives it back.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open a lock file: %w", err)
	}
	ok, err := flock(f)
	if err == nil && ok {
		return f, nil
	}
	unlock(f)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return nil, nil
}

func unlock(f *os.File) {
	_ = f.Close() // nothing was written
}
