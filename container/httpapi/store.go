package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A store is one of the plan's, in all of its tasks.
type store struct {
	name   string
	stage  *scheduler.Stage
	number int // in the stage
	scheduler.StoreSpec
	window int64 // the size of its windows in ms; 0: it has none
}

// windowed tells whether the keys in its databases begin with a window's start.
func (s *store) windowed() bool { return s.Layout == "windows" }

// find looks for a store by its name.
func (s *server) find(name string) (*store, error) {
	var names []string
	plan := s.cfg.Plan
	for i := range plan.Stages {
		for n, st := range plan.Stages[i].Stores {
			names = append(names, st.Name)
			if st.Name != name {
				continue
			}
			node := &plan.Nodes[st.Node]
			return &store{name: name, stage: &plan.Stages[i], number: n, StoreSpec: *node.Store, window: sizeOf(node)}, nil
		}
	}
	slices.Sort(names)
	return nil, &failure{status: http.StatusNotFound, Problem: Problem{
		Message: fmt.Sprintf("there is no store %q", name), Missing: "store", Stores: names}}
}

// sizeOf is the size of a node's windows, in ms.
func sizeOf(n *scheduler.Node) int64 {
	for _, p := range n.Params {
		if d, err := time.ParseDuration(p.Value); p.Name == "size" && err == nil {
			return d.Milliseconds()
		}
	}
	return 0
}

// tasks are those that may have a key: where it is by its hash, and, if the stage
// reads topics that others have written, all others after that; nobody knows by what
// they were partitioned.
func (s *store) tasks(key []byte) (tasks []int32) {
	foreign := false
	for _, in := range s.stage.Inputs {
		foreign = foreign || !in.Repartition()
		if t := stream.PartitionOf(key, in.Partitions); !slices.Contains(tasks, t) {
			tasks = append(tasks, t)
		}
	}
	for t := range s.stage.Tasks {
		if foreign && !slices.Contains(tasks, t) {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// get looks for a key of the store's databases, of which key is the part that decides
// who has it. It returns the task, too: where it isn't found, the one where it would be.
func (s *server) get(st *store, key, stored []byte) (value []byte, task int32, err error) {
	tasks := st.tasks(key)
	var closed error
	for _, t := range tasks {
		value, err := s.getFrom(st, t, stored)
		if f := (*failure)(nil); errors.As(err, &f) && f.status == http.StatusServiceUnavailable {
			closed = err
			continue
		}
		if value != nil || err != nil {
			return value, t, err
		}
	}
	return nil, tasks[0], closed
}

// getFrom returns nil if the task has no such key.
func (s *server) getFrom(st *store, task int32, stored []byte) ([]byte, error) {
	r := s.cfg.Readers.Of(st.stage.Name, task)
	if r == nil {
		return nil, s.notOpen(st.stage, task)
	}
	value, found, err := r.Get(st.number, stored, []byte{})
	switch {
	case errors.Is(err, stream.ErrClosed):
		return nil, s.notOpen(st.stage, task)
	case err != nil || !found:
		return nil, err
	}
	return value, nil
}

// longestRetry bounds what people are told to wait: others may be faster.
const longestRetry = time.Minute

// notOpen says who has a task, and when it may be asked.
func (s *server) notOpen(stage *scheduler.Stage, task int32) error {
	owner := Owner{Stage: stage.Name, Task: task, Address: s.cfg.Advertise}
	for n, tasks := range scheduler.Assign(stage.Tasks, stage.Containers) {
		if slices.Contains(tasks, task) {
			owner.Container = n
		}
	}
	seen := s.look()
	f := &failure{status: http.StatusServiceUnavailable, retry: time.Second, Problem: Problem{
		Message: fmt.Sprintf("task %d of stage %s isn't open", task, stage.Name),
		Owner:   &owner, Restore: restore(seen.tasks[place{stage.Name, int(task)}], seen.at),
	}}
	if f.Restore == nil {
		return f
	}
	f.Message = fmt.Sprintf("task %d of stage %s restores its state: %d records of its changelogs are left", task, stage.Name, f.Restore.Left)
	if f.Restore.Seconds != nil {
		left := time.Duration(*f.Restore.Seconds) * time.Second
		f.Message += fmt.Sprintf(", about %v", left)
		f.retry = min(max(left, time.Second), longestRetry)
	}
	return f
}
