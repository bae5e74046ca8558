package nomadtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// An agent's ports, and those of its tasks, must still be free when it restarts. So each cluster
// reserves a block of ports, below those of package kafkatest. Clients share an address, so
// each has its own ports for its tasks.
const (
	firstPort = 10000
	lastPort  = 20000
	blockSize = 400

	portsPerAgent = 3
	portsForTasks = (blockSize - portsPerAgent*(1+maxClients)) / maxClients
)

// reservePorts returns the first port of a block, and the file whose lock holds it.
func reservePorts(ctx context.Context) (int, *os.File, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return 0, nil, fmt.Errorf("find where to keep the locks of ports: %w", err)
	}
	all := harnesstest.Ports{Dir: filepath.Join(cache, "grete", "nomad-ports"), First: firstPort, Last: lastPort, Block: blockSize}
	return all.Reserve(ctx)
}
