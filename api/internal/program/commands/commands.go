// Package commands lists the commands of every program.
package commands

import (
	"github.com/gretestream/grete/api/internal/program/drain"
	"github.com/gretestream/grete/api/internal/program/move"
	"github.com/gretestream/grete/api/internal/program/nomadjob"
	"github.com/gretestream/grete/api/internal/program/plan"
	"github.com/gretestream/grete/api/internal/program/rename"
	"github.com/gretestream/grete/api/internal/program/reset"
	"github.com/gretestream/grete/api/internal/program/rollback"
	"github.com/gretestream/grete/api/internal/program/run"
	"github.com/gretestream/grete/api/internal/program/status"
	"github.com/gretestream/grete/api/internal/program/stores"
	"github.com/gretestream/grete/api/internal/program/submit"
	"github.com/gretestream/grete/api/internal/program/token"
)

// All returns the commands, in the order of the help. This list decides what a program
// depends on: without the commands of submit and nomadjob, and with nil for the two
// Nomad fields, it has no client of Nomad.
func All() []any {
	return []any{
		&run.Commands{}, &plan.Commands{}, &reset.Commands{}, &rename.Commands{},
		&rollback.Commands{Rollback: rollback.Command{Nomad: &nomadjob.Flags{}}},
		&status.Commands{Status: status.Command{Nomad: &nomadjob.Flags{}}},
		&move.Commands{},
		&drain.Commands{Drain: drain.Command{Nomad: &nomadjob.Flags{}}},
		&stores.Commands{}, &token.Commands{},
		&submit.Commands{}, &nomadjob.Commands{},
	}
}
