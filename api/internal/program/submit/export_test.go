package submit

import (
	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

// Config returns what the flags say about the job.
func Config(k *Command, parsed *kong.Context) (nomad.Config, error) { return k.config(parsed) }

// Exported returns the job's JSON.
func Exported(plan *scheduler.Plan, cfg nomad.Config) ([]byte, error) { return exported(plan, cfg) }

// PerStage reads a flag with a number for all stages, or for single ones.
func PerStage(flag string, values []string) (int, map[string]int, error) {
	return perStage(flag, values)
}
