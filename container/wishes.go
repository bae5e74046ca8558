package container

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Wishes are for tasks that containers of this process are to have, whoever has them
// now: a person wants it so. A container that has a wish tells its group, which gives
// it the task if it can (see [scheduler.Share]); when the group has answered, the wish
// is over. The zero value is ready, and safe for concurrent use.
type Wishes struct {
	mu sync.Mutex
	of map[containerName][]int32 // of those that there are; not yet taken
}

type containerName struct{ stage, instance string }

// ErrNoContainer: nobody here can have the task.
var ErrNoContainer = errors.New("it isn't in this process")

// Wish has a container wish for a task of its stage, soon. The error is
// [ErrNoContainer] if there is none of that name.
func (w *Wishes) Wish(stage, instance string, task int32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := containerName{stage, instance}
	tasks, ok := w.of[name]
	if !ok {
		return fmt.Errorf("container %q of stage %s: %w", instance, stage, ErrNoContainer)
	}
	if !slices.Contains(tasks, task) {
		w.of[name] = append(tasks, task)
	}
	return nil
}

// Instances are the containers of a stage, in order.
func (w *Wishes) Instances(stage string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for name := range w.of {
		if name.stage == stage {
			all = append(all, name.instance)
		}
	}
	slices.SortFunc(all, strings.Compare)
	return all
}

// Enter lets a container have wishes. Containers do so by themselves.
func (w *Wishes) Enter(stage, instance string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = make(map[containerName][]int32)
	}
	w.of[containerName{stage, instance}] = nil
}

// Leave ends that.
func (w *Wishes) Leave(stage, instance string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.of, containerName{stage, instance})
}

// Take returns what a container is to wish for, once.
func (w *Wishes) Take(stage, instance string) []int32 {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	name := containerName{stage, instance}
	tasks := w.of[name]
	if len(tasks) > 0 {
		w.of[name] = nil
	}
	return tasks
}

// wish takes in what the container is to wish for, and has its group look at it.
func (c *Container) wish() {
	p, fresh := c.place, false
	for _, task := range c.cfg.Sharing.Wishes.Take(c.cfg.Stage.Name, c.cfg.Sharing.Instance) {
		if task < 0 || task >= c.cfg.Stage.Tasks || slices.Contains(p.tasks, task) || slices.Contains(p.wishes, task) {
			continue
		}
		p.wishes, fresh = append(p.wishes, task), true
	}
	if fresh {
		p.RequestRebalance()
	}
}

// answered ends the wishes that have come true, or that the group has heard of and
// doesn't fulfil.
func (p *place) answered() {
	p.wishes = slices.DeleteFunc(p.wishes, func(task int32) bool {
		return slices.Contains(p.tasks, task) || slices.Contains(p.wished, task) && !slices.Contains(p.share.Coming, task)
	})
}
