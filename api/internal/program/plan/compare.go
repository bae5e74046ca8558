package plan

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/history"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/draw"
	"github.com/gretestream/grete/stream/smallfile"
)

// A Comparison is a plan, and the verdict on going on by it from an earlier one.
type Comparison struct {
	Plan    *scheduler.Plan  `json:"plan"`
	Verdict *compare.Verdict `json:"verdict"`
}

// maxPlan bounds a file with a plan, in bytes.
const maxPlan = 16 << 20

// read reads a plan that plan -json has written.
func read(file string) (*scheduler.Plan, error) {
	b, err := smallfile.Read(file, maxPlan)
	if err != nil {
		return nil, fmt.Errorf("reading the plan to compare with: %w", err)
	}
	p, err := scheduler.ParsePlan(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; write it with plan -json", file, err)
	}
	return p, nil
}

// show shows a plan, and the verdict on going on by it from an earlier one. It
// returns an error if they are incompatible.
func show(c program.Console, asJSON bool, before, plan *scheduler.Plan) error {
	v := compare.Plans(before, plan)
	var err error
	if asJSON {
		err = c.JSON(Comparison{plan, &v})
	} else {
		_, err = fmt.Fprintf(c.Out, "%s\n%s", draw.Text(plan), v.Text())
	}
	if err == nil && v.Kind == compare.Incompatible {
		err = history.ErrRefused
	}
	return err
}
