package nomadtest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// An agent must find its ports free when it is started again, and tasks those that
// it gives them. So each cluster has a block of ports of its own, below those of
// package kafkatest. Clients share an address, so each has ports of its own for its
// tasks.
const (
	firstPort = 10000
	lastPort  = 20000
	blockSize = 400

	portsPerAgent = 3
	portsForTasks = (blockSize - portsPerAgent*(1+maxClients)) / maxClients
)

// reservePorts returns the first port of a block, and the file whose lock holds it.
func reservePorts(ctx context.Context) (int, *os.File, error) {
	all := harnesstest.Ports{Dir: filepath.Join(os.TempDir(), "grete-nomad-ports"), First: firstPort, Last: lastPort, Block: blockSize}
	return all.Reserve(ctx)
}
