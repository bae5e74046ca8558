package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gretestream/grete/kv/layout"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A store is a store of the plan, in all its tasks.
type store struct {
	name   string
	stage  *scheduler.Stage
	number int // in the stage
	spec   *scheduler.StoreSpec
	layout.Store
}

// find looks for a store by its name.
func (s *server) find(name string) (*store, error) {
	return findStore(s.cfg.Plan, s.cfg.Serdes, name)
}

func findStore(plan *scheduler.Plan, serdes *serde.Registry, name string) (*store, error) {
	var names []string
	for i := range plan.Stages {
		for n := range plan.Stages[i].Stores {
			st := &plan.Stages[i].Stores[n]
			names = append(names, st.Name)
			if st.Name != name {
				continue
			}
			spec := plan.Spec(st)
			l, err := layout.Parse(spec.Layout, spec.Params)
			if err != nil {
				return nil, fmt.Errorf("store %q: %w", name, err)
			}
			view := layout.Store{Layout: l, Key: serdes.Text(spec.Key), Value: serdes.Text(spec.Value), Convert: serdes.Converter(name)}
			return &store{name, &plan.Stages[i], n, spec, view}, nil
		}
	}
	slices.Sort(names)
	return nil, &failure{status: http.StatusNotFound, Problem: Problem{
		Message: fmt.Sprintf("there is no store %q", name), Missing: "store", Stores: names}}
}

// Layout returns what shows the entries of a store, as they stand in its databases
// and its changelog.
func Layout(plan *scheduler.Plan, serdes *serde.Registry, name string) (*layout.Store, error) {
	st, err := findStore(plan, serdes, name)
	if err != nil {
		return nil, err
	}
	return &st.Store, nil
}

// tasks are the ones that may have a key: the one that has it by its hash, and, if the stage
// reads topics of other programs, all others after that: how those were partitioned isn't
// known.
func (s *store) tasks(key []byte) (tasks []int32) {
	foreign := false
	for _, in := range s.stage.Inputs {
		if in.Delivery != scheduler.DeliverPartition {
			foreign = foreign || in.Delivery == scheduler.DeliverBroadcast
			continue
		}
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

// getFrom looks for a key in a task's database in this process. It returns nil if the task
// doesn't have it.
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
	return st.Plain(s.cfg.Readers.Forms(st.stage.Name, task, st.number), stored, value)
}
