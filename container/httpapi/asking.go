package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gretestream/grete/scheduler"
)

// An asking queries the owners of some tasks of a stage, all at once: this process task by
// task, each other process once for all of its tasks.
type asking struct {
	*server
	request *http.Request
	stage   *scheduler.Stage
	// local and remote query, and keep the results. Several goroutines call remote, one
	// calls local. A call that fails keeps nothing.
	local  func(task int32) error
	remote func(ctx context.Context, address string, tasks []int32) error

	mu    sync.Mutex
	lacks []lack
}

// A lack is a part that couldn't be read.
type lack struct {
	tasks []int32 // that were queried together
	asked ownership
	err   error
}

// atOnce bounds how many processes one request queries at a time, and so the memory for
// their responses.
const atOnce = 16

// ask queries tasks, and returns what is lacking, by task. Tasks that have another owner by
// then are queried once more: they may have moved since this process learned their owners.
// A forwarded request isn't forwarded again: a task that isn't here is lacking.
func (a *asking) ask(tasks []int32) []lack {
	ctx, cancel := context.WithTimeout(a.request.Context(), a.cfg.PeerTimeout)
	defer cancel()
	a.round(ctx, tasks)
	lacks := a.lacks
	a.lacks = nil
	var again []int32
	for _, l := range lacks {
		if a.moved(l) {
			again = append(again, l.tasks...)
		} else {
			a.lacks = append(a.lacks, l)
		}
	}
	a.round(ctx, again)
	slices.SortFunc(a.lacks, func(x, y lack) int { return cmp.Compare(x.tasks[0], y.tasks[0]) })
	return a.lacks
}

// round queries each task once.
func (a *asking) round(ctx context.Context, tasks []int32) {
	var here []int32
	away := make(map[string][]int32)
	for _, t := range tasks {
		switch o := a.owner(a.stage.Name, t); {
		case o.here || forwarded(a.request):
			here = append(here, t)
		case o.address == "":
			a.lack([]int32{t}, o, a.unowned(a.stage, t))
		default:
			away[o.address] = append(away[o.address], t)
		}
	}
	var g errgroup.Group
	g.SetLimit(atOnce)
	for address, tasks := range away {
		g.Go(func() error {
			if err := a.remote(ctx, address, tasks); err != nil {
				a.lack(tasks, ownership{address: address}, err)
			}
			return nil
		})
	}
	for _, t := range here {
		if err := a.local(t); err != nil {
			a.lack([]int32{t}, ownership{a.cfg.Advertise, true}, err)
		}
	}
	_ = g.Wait() // they keep their errors
}

func (a *asking) lack(tasks []int32, asked ownership, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lacks = append(a.lacks, lack{tasks, asked, err})
}

// moved reports whether a task that is lacking belongs to another process by now.
func (a *asking) moved(l lack) bool {
	return slices.ContainsFunc(l.tasks, func(t int32) bool { return a.owner(a.stage.Name, t) != l.asked })
}

// lacking is the response if some of the needed tasks are lacking: the numbers of all of
// them, and the reason of the first. The time to retry is the longest of all.
func lacking(r *http.Request, lacks []lack, of int) error {
	if len(lacks) == 0 {
		return nil
	}
	var first *failure
	var missing []int32
	retry := shortRetry
	for _, l := range lacks {
		f := &failure{status: http.StatusInternalServerError, Problem: Problem{Message: l.err.Error()}}
		errors.As(l.err, &f)
		if len(f.Tasks) > 0 {
			missing = append(missing, f.Tasks...) // the process has the other tasks
		} else {
			missing = append(missing, l.tasks...)
		}
		retry = max(retry, f.retry)
		// Failures that waiting doesn't cure come first.
		if first == nil || first.retry > 0 && f.retry == 0 {
			first = f
		}
	}
	if of == 1 {
		return first
	}
	slices.Sort(missing)
	whole := *first
	whole.Tasks = slices.Compact(missing)
	if first.retry > 0 {
		whole.retry = retry
	}
	if n := len(whole.Tasks); n > 1 && !forwarded(r) {
		whole.Message = fmt.Sprintf("%d of the %d tasks that are needed are unavailable; %s", n, of, first.Message)
	}
	return &whole
}
