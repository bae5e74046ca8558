package api

import (
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
	"github.com/gretestream/grete/scheduler/draw"
)

// A review is a plan, and what becomes of the job of an earlier one when it goes on
// by this.
type review struct {
	Plan    *scheduler.Plan  `json:"plan"`
	Verdict *compare.Verdict `json:"verdict"`
}

// errRefused ends a command whose plan doesn't fit what is there.
var errRefused = errors.New("the change is refused: what would be lost, and what can be done, stands above")

// readPlan reads a plan that plan -json has written.
func readPlan(file string) (*scheduler.Plan, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the plan to compare with: %w", err)
	}
	p, err := scheduler.ParsePlan(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; write it with plan -json", file, err)
	}
	return p, nil
}

// compared shows a plan, and beneath it what it changes in an earlier one. It fails
// if the earlier one's job can't go on by it.
func compared(c console, asJSON bool, before, plan *scheduler.Plan) error {
	v := compare.Plans(before, plan)
	var err error
	if asJSON {
		err = printJSON(c, review{plan, &v})
	} else {
		_, err = fmt.Fprintf(c.out, "%s\n%s", draw.Text(plan), v.Text())
	}
	if err == nil && v.Kind == compare.Incompatible {
		err = errRefused
	}
	return err
}

// asBefore are the topics of an earlier plan, for one that is made without a
// streaming layer. Those that hold state are left out: where they don't fit any more,
// the verdict says so, with all else that has changed.
func asBefore(p *scheduler.Plan) map[string]int32 {
	partitions := make(map[string]int32)
	for _, t := range p.Topics {
		if t.Role != scheduler.RoleChangelog {
			partitions[t.Name] = t.Partitions
		}
	}
	return partitions
}
