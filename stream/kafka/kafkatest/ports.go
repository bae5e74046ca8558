package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// A broker must find its port free when it is started again, and clients that
// connect meanwhile must not be given it as their own. So ports are taken below
// those that operating systems give to outgoing connections, in blocks, each of
// which belongs to one cluster as long as its file is locked.
const (
	firstPort = 20000
	lastPort  = 32000
	blockSize = 20
)

// loopback is where everything listens.
const loopback = "127.0.0.1"

// ports are the ports of one cluster.
type ports struct {
	next, end int
	lock      *os.File
}

func reservePorts(ctx context.Context, dir string) (*ports, error) {
	dir = filepath.Join(dir, "ports")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the directory for the locks of ports: %w", err)
	}
	const blocks = (lastPort - firstPort) / blockSize
	at := rand.IntN(blocks)
	for i := range blocks {
		first := firstPort + (at+i)%blocks*blockSize
		lock, err := tryLock(filepath.Join(dir, strconv.Itoa(first)))
		if err != nil {
			return nil, err
		}
		if lock == nil {
			continue
		}
		if allFree(ctx, first) {
			return &ports{next: first, end: first + blockSize, lock: lock}, nil
		}
		unlock(lock)
	}
	return nil, fmt.Errorf("no %d free ports in a row between %d and %d", blockSize, firstPort, lastPort)
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

// take returns a port.
func (p *ports) take() (int, error) {
	if p.next == p.end {
		return 0, errors.New("a cluster has too few ports for so many brokers")
	}
	p.next++
	return p.next - 1, nil
}

func (p *ports) release() { unlock(p.lock) }

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
