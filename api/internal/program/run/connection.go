package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/stream"
)

// A connection is a run with its data directory and its streaming system.
type connection struct {
	*settings
	*session
	data      directory
	identity  string              // of this process, over its restarts; "" if it shares nothing
	positions *recovery.Positions // of the state in the directory; nil likewise
	system    stream.System
}

// A directory is a data directory that this process has locked.
type directory struct {
	path      string
	temporary bool
}

// state is where the databases are.
func (d directory) state() string { return filepath.Join(d.path, "state") }

// Close removes a temporary directory.
func (d directory) Close() error {
	if !d.temporary {
		return nil
	}
	return os.RemoveAll(d.path)
}

// connect locks the data directory and opens the streaming system.
func (s *settings) connect(ctx context.Context, on *session) (*connection, error) {
	data, err := s.lock(on)
	if err != nil {
		return nil, err
	}
	c := &connection{settings: s, session: on, data: data}
	if s.kafka != nil && !s.supervises() {
		if c.identity, err = s.identify(data); err != nil {
			return nil, err
		}
		if c.positions, err = recovery.OpenPositions(data.state()); err != nil {
			return nil, err
		}
	}
	if s.kafka != nil {
		system, err := cluster.OpenKafka(ctx, *s.kafka, on.log)
		if err != nil {
			return nil, err
		}
		on.open.add(system)
		c.system = system
		return c, nil
	}
	system, err := cluster.OpenLog(data.path, on.log)
	if err != nil {
		return nil, err
	}
	on.open.add(system)
	c.system = system
	return c, nil
}

// lock locks the data directory. A run that is to leave nothing behind has a temporary
// one. On Kafka its inputs stay anyway, and state that is kept needn't be restored.
func (s *settings) lock(on *session) (directory, error) {
	d := directory{path: s.Data}
	if d.path == "" && s.Once && s.kafka == nil {
		var err error
		if d.path, err = on.console.TempDir("grete-" + s.pipeline.App + "-"); err != nil {
			return d, fmt.Errorf("making a temporary directory: %w", err)
		}
		d.temporary = true
		on.open.add(d)
	}
	if d.path == "" {
		d.path = cluster.DataDir(s.pipeline.App)
	}
	lock, err := cluster.Lock(d.path)
	if err != nil {
		return d, err
	}
	on.open.add(lock)
	return d, nil
}
