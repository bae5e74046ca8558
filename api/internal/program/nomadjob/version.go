package nomadjob

import (
	"context"
	"fmt"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/rollback"
	"github.com/gretestream/grete/nomad"
)

// FindVersion finds the version of the job that runs a program, for rollback.
func (f *Flags) FindVersion(ctx context.Context, c program.Console, flags *access.ClientFlags, sha256 string) (*rollback.Version, error) {
	j, err := f.open(ctx, c, flags)
	if err != nil {
		return nil, err
	}
	if j.nomad == nil {
		j.close()
		return nil, nil
	}
	all, err := j.nomad.Versions(ctx, c.App)
	i := slices.IndexFunc(all, func(v nomad.JobVersion) bool { return v.SHA256 != "" && v.SHA256 == sha256 })
	if err == nil && i < 0 {
		err = fmt.Errorf("Nomad has no version of the job with that program (SHA-256 %s): submit the job with that program", sha256) //nolint:staticcheck // a name
	}
	if err != nil {
		j.close()
		return nil, err
	}
	return &rollback.Version{
		Number: all[i].ID, Close: j.close,
		Stop: func(ctx context.Context) error {
			if !j.running {
				return nil
			}
			return j.stop(ctx, false)
		},
		Revert: func(ctx context.Context) error { return j.nomad.Revert(ctx, c.App, all[i].ID) },
	}, nil
}
