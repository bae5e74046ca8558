package kafkatest

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// A broker must find its port free when it is started again, and clients that
// connect meanwhile must not be given it as their own. So each cluster has a block
// of ports of its own.
const (
	firstPort = 20000
	lastPort  = 32000
	blockSize = 20
)

// ports are the ports of one cluster.
type ports struct {
	next, end int
	lock      *os.File
}

func reservePorts(ctx context.Context, dir string) (*ports, error) {
	all := harnesstest.Ports{Dir: filepath.Join(dir, "ports"), First: firstPort, Last: lastPort, Block: blockSize}
	first, lock, err := all.Reserve(ctx)
	if err != nil {
		return nil, err
	}
	return &ports{next: first, end: first + blockSize, lock: lock}, nil
}

// take returns a port.
func (p *ports) take() (int, error) {
	if p.next == p.end {
		return 0, errors.New("a cluster has too few ports for so many brokers")
	}
	p.next++
	return p.next - 1, nil
}

func (p *ports) release() { harnesstest.Unlock(p.lock) }
