package api

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
	"github.com/gretestream/grete/stream/local"
)

// lockData makes the data directory this process's alone. A run that is to leave
// nothing behind has one of its own; on Kafka the input stays anyway, and state
// that is kept needn't be restored.
func (r *run) lockData(context.Context) (err error) {
	if r.Data == "" && r.Once && r.kafka == nil {
		if r.Data, err = os.MkdirTemp("", "grete-"+r.app.name+"-"); err != nil {
			return fmt.Errorf("making a directory for this run: %w", err)
		}
		r.thrownAway = true
	}
	if r.Data == "" {
		r.Data = r.app.dataDir()
	}
	if err := os.MkdirAll(r.Data, 0o755); err != nil {
		return fmt.Errorf("data directory %s: %w", r.Data, err)
	}
	lock, err := local.LockDir(r.Data)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", r.Data, err)
	}
	r.locked = lock
	return nil
}

// dataDir is where log and state are if nothing else is said.
func (a *App) dataDir() string { return filepath.Join(".grete", a.name) }

// openLog opens the streaming layer.
func (r *run) openLog(ctx context.Context) error {
	if r.kafka != nil {
		system, err := openKafka(ctx, *r.kafka, r.log)
		if err != nil {
			return err
		}
		r.system = system
		return nil
	}
	system, err := local.Open(filepath.Join(r.Data, "log"), local.Options{Logger: r.log})
	if err != nil {
		return fmt.Errorf("data directory %s: %w", r.Data, err)
	}
	r.system = system
	return nil
}

func openKafka(ctx context.Context, o kafka.Options, log *slog.Logger) (*kafka.System, error) {
	o.Logger = log
	return kafka.Open(ctx, o)
}

// metadata asks for what the plan must know. It asks for all topics of a cluster
// only where a pattern looks for some: there may be very many.
func (a *App) metadata(ctx context.Context, admin stream.Admin) (scheduler.Metadata, error) {
	names, all := scheduler.Topics(a.recorded())
	if all {
		names = nil
	}
	known, err := admin.Partitions(ctx, names...)
	if err != nil {
		return scheduler.Metadata{}, err
	}
	return scheduler.Metadata{Partitions: known}, nil
}
