package submit

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

// standardOutput is the FILE that means it.
const standardOutput = "-"

// export writes the job's JSON.
func (k *Command) export(ctx context.Context, p program.Pipeline, c program.Console, cfg nomad.Config) (err error) {
	pl, err := k.plan(ctx, p, c)
	if err != nil {
		return err
	}
	var sent shipment
	defer func() { err = errors.Join(err, sent.close()) }()
	if k.Artifacts != "" {
		if err := k.ship(ctx, c, nil, &cfg, &sent); err != nil {
			return err
		}
	}
	cfg.Apart = pl.apart
	b, err := exported(pl.plan, cfg)
	if err != nil {
		return program.Usage(err)
	}
	if k.Export == standardOutput {
		_, err = c.Out.Write(b)
	} else {
		err = os.WriteFile(k.Export, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("-export %s: %w", k.Export, err)
	}
	c.Say("the job needs its Nomad Variable: %s", putVariable(c.App, cfg, false))
	return nil
}

func exported(plan *scheduler.Plan, cfg nomad.Config) ([]byte, error) {
	job, err := nomad.Job(plan, cfg)
	if err != nil {
		return nil, err
	}
	return nomad.Export(job)
}
