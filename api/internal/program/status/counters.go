package status

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/metrics/model"
)

// patience bounds how long the processes may take to answer.
const patience = 5 * time.Second

// addCounters adds what only the processes know: records that are ahead of the clock,
// records that others have overtaken, and the forms of stored values. Any process answers
// for all; get asks one. Without an answer the status has the reason, and stays as it is.
func addCounters(ctx context.Context, j *model.Job, get func(ctx context.Context, address string) (*model.Job, error)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var failed []model.Process
	for _, m := range processesOf(j) {
		err := remote.Reachable(&m)
		if err == nil {
			var known *model.Job
			if known, err = get(ctx, m.Address); err == nil {
				merge(j, known)
				return
			}
		}
		failed = append(failed, model.Process{Address: m.Address, Error: err.Error()})
	}
	j.Others = failed
}

// processesOf lists the processes that have an HTTP API, each once.
func processesOf(j *model.Job) (all []membership.MemberView) {
	for _, s := range j.Stages {
		for _, m := range s.Members {
			if m.Address != "" {
				all = append(all, membership.MemberView{Instance: m.Instance, Host: m.Host, Address: m.Address})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b membership.MemberView) int { return cmp.Compare(a.Address, b.Address) })
	return slices.CompactFunc(all, func(a, b membership.MemberView) bool { return a.Address == b.Address })
}

// merge takes the counters of a job as a process describes it.
func merge(j, known *model.Job) {
	for _, p := range known.Others {
		if p.Error != "" {
			j.Others = append(j.Others, model.Process{Address: p.Address, Error: p.Error})
		}
	}
	for i := range j.Stages {
		for k := range known.Stages {
			if s := &j.Stages[i]; s.Name == known.Stages[k].Name {
				mergeTasks(s.Tasks, known.Stages[k].Tasks)
			}
		}
	}
}

func mergeTasks(tasks, known []model.Task) {
	for i := range known {
		at := slices.IndexFunc(tasks, func(t model.Task) bool { return t.ID == known[i].ID })
		if at < 0 {
			continue
		}
		mergeInputs(tasks[at].Inputs, known[i].Inputs)
		mergeStores(tasks[at].Stores, known[i].Stores)
	}
}

func mergeInputs(inputs, known []model.Input) {
	for i := range inputs {
		in := &inputs[i]
		for k := range known {
			if known[k].Topic == in.Topic && known[k].Partition == in.Partition {
				in.Ahead, in.Overtaken = known[k].Ahead, known[k].Overtaken
			}
		}
	}
}

func mergeStores(stores, known []model.Store) {
	for i := range stores {
		for k := range known {
			if known[k].Name == stores[i].Name {
				stores[i].Forms = known[k].Forms
			}
		}
	}
}
