package membership

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// MoveRequests are requests of people to move tasks to containers of this process. A
// container with a request tells its group, whose leader gives it the task if it can (see
// [share.Assign]). The request is over when the leader has answered. The zero value is
// ready to use, and safe for concurrent use.
type MoveRequests struct {
	mu sync.Mutex
	of map[containerName][]int32 // of the registered containers; not yet taken
}

type containerName struct{ stage, instance string }

// ErrNoContainer is returned for containers that aren't in this process.
var ErrNoContainer = errors.New("it isn't in this process")

// Add requests that a task of a stage moves to a container. The error is [ErrNoContainer]
// if this process has no such container.
func (r *MoveRequests) Add(stage, instance string, task int32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := containerName{stage, instance}
	tasks, ok := r.of[name]
	if !ok {
		return fmt.Errorf("container %q of stage %s: %w", instance, stage, ErrNoContainer)
	}
	if !slices.Contains(tasks, task) {
		r.of[name] = append(tasks, task)
	}
	return nil
}

// Instances returns the registered containers of a stage, in order.
func (r *MoveRequests) Instances(stage string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for name := range r.of {
		if name.stage == stage {
			all = append(all, name.instance)
		}
	}
	slices.SortFunc(all, strings.Compare)
	return all
}

// Register makes it possible to add requests for a container. [Join] calls it.
func (r *MoveRequests) Register(stage, instance string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = make(map[containerName][]int32)
	}
	r.of[containerName{stage, instance}] = nil
}

// Unregister undoes Register and drops the container's requests.
func (r *MoveRequests) Unregister(stage, instance string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, containerName{stage, instance})
}

// Take returns and removes the requests for a container.
func (r *MoveRequests) Take(stage, instance string) []int32 {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := containerName{stage, instance}
	tasks := r.of[name]
	if len(tasks) > 0 {
		r.of[name] = nil
	}
	return tasks
}

// takeRequests takes in new requests, and asks the group for a rebalance if there are any.
func (m *Member) takeRequests() {
	fresh := false
	for _, task := range m.cfg.MoveRequests.Take(m.stage.Name, m.cfg.Instance) {
		if task < 0 || task >= m.stage.Tasks || m.Owns(task) || slices.Contains(m.requests, task) {
			continue
		}
		m.requests, fresh = append(m.requests, task), true
	}
	if fresh {
		m.group.RequestRebalance()
	}
}

// dropAnswered drops the requests that were granted, and those that the leader knows and
// doesn't grant.
func (m *Member) dropAnswered() {
	m.requests = slices.DeleteFunc(m.requests, func(task int32) bool {
		return m.Owns(task) || slices.Contains(m.requested, task) && !slices.Contains(m.assignment.Coming, task)
	})
}
