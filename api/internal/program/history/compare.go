package history

import (
	"errors"
	"fmt"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// ErrRefused ends a command whose plan isn't compatible with the plan of the job.
var ErrRefused = errors.New("the change is refused: see above for what would be lost, and what can be done")

// GoOn returns a plan that goes on from the one that the job ran by last, and that last
// plan; nil if the job has never run. A plan that would lose state or results is refused
// unless the user accepts that.
func (h *History) GoOn(plan *scheduler.Plan, acceptLoss bool) (next, last *scheduler.Plan, err error) {
	last, err = h.Last()
	if err != nil || last == nil {
		return plan, nil, err
	}
	if v := compare.Plans(last, plan); v.Kind == compare.Incompatible && !acceptLoss {
		return nil, nil, Refusal(&v)
	}
	return plan.GoOn(last), last, nil
}

// Refusal is the error of a command that refuses a plan. It names -accept-loss if that
// helps: the job can run by the plan without a reset.
func Refusal(v *compare.Verdict) error {
	if !v.Acceptable() {
		return fmt.Errorf("%s%w", v.Text(), ErrRefused)
	}
	return fmt.Errorf("%s%w; -accept-loss runs it nevertheless", v.Text(), ErrRefused)
}
