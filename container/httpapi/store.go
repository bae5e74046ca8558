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
func (s *server) find(name string) (*store, error) { return findStore(s.cfg.Plan, name) }

func findStore(plan *scheduler.Plan, name string) (*store, error) {
	var names []string
	for i := range plan.Stages {
		for n := range plan.Stages[i].Stores {
			st := &plan.Stages[i].Stores[n]
			names = append(names, st.Name)
			if st.Name != name {
				continue
			}
			return &store{name: name, stage: &plan.Stages[i], number: n, StoreSpec: *plan.Spec(st), window: sizeOf(&plan.Nodes[st.Node])}, nil
		}
	}
	slices.Sort(names)
	return nil, &failure{status: http.StatusNotFound, Problem: Problem{
		Message: fmt.Sprintf("there is no store %q", name), Missing: "store", Stores: names}}
}

// Render returns what makes an entry of a store, as it is in its databases and in its
// changelog, what is answered of it.
func Render(plan *scheduler.Plan, store string) (func(key, value []byte) (Entry, error), error) {
	st, err := findStore(plan, store)
	if err != nil {
		return nil, err
	}
	return st.entry, nil
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

// all are all tasks of the store.
func (s *store) all() []int32 {
	tasks := make([]int32, s.stage.Tasks)
	for i := range tasks {
		tasks[i] = int32(i)
	}
	return tasks
}

// getFrom looks for a key of a task's database that is here. It returns nil if the task has no such key.
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
