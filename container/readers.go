package container

import (
	"slices"
	"sync"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
)

// Readers has readers for the state of the tasks in this process. A task has one from its
// first commit, after its state is restored, until it is closed. The zero value is ready to
// use, and safe for concurrent use.
type Readers struct {
	mu    sync.RWMutex
	tasks map[taskName]kv.Reader
	forms map[taskName]loop.Forms
}

type taskName struct {
	stage string
	id    int32
}

// Of returns the reader of a task's database, which has the stores of the stage, in the
// plan's order; nil if the task has no state, or isn't open here. The task may be closed at
// any moment: then the reader returns an error.
func (r *Readers) Of(stage string, task int32) kv.Reader {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.tasks[taskName{stage, task}]
}

// Show adds the reader of a task. Containers call it.
func (r *Readers) Show(stage string, task int32, reader kv.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tasks == nil {
		r.tasks = make(map[taskName]kv.Reader)
	}
	r.tasks[taskName{stage, task}] = reader
}

// Forms returns the forms of the values in a task's stores, by store and by number.
func (r *Readers) Forms(stage string, task int32, store int) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if f := r.forms[taskName{stage, task}]; store < len(f) {
		return f[store]
	}
	return nil
}

func (r *Readers) setForms(stage string, task int32, f loop.Forms) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forms == nil {
		r.forms = make(map[taskName]loop.Forms)
	}
	r.forms[taskName{stage, task}] = slices.Clone(f)
}

// Hide removes a reader, unless the task has another one by now.
func (r *Readers) Hide(stage string, task int32, reader kv.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name := (taskName{stage, task}); r.tasks[name] == reader {
		delete(r.tasks, name)
	}
}

func (c *Config) showState(tasks []*task) {
	if c.Readers != nil {
		for _, t := range tasks {
			c.Readers.setForms(c.Stage.Name, t.ID, t.Forms())
		}
	}
	c.eachReader(tasks, (*Readers).Show)
}

func (c *Config) hideState(tasks []*task) {
	c.eachReader(tasks, (*Readers).Hide)
}

func (c *Config) eachReader(tasks []*task, f func(r *Readers, stage string, task int32, reader kv.Reader)) {
	if c.Readers == nil {
		return
	}
	for _, t := range tasks {
		if t.State != nil {
			f(c.Readers, c.Stage.Name, t.ID, t.db.Reader())
		}
	}
}
