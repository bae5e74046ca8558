package container

import (
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A task is one task of the container: what runs in the loop, and what its commits need.
type task struct {
	loop.Running
	stage      *scheduler.Stage
	db         kv.Database
	counts     *metrics.Task
	sentMarks  []stream.Mark   // by output, as last sent
	looked     time.Time       // when its database's statistics were last read
	seq        int64           // counts commits
	changelogs []int64         // by store: where the changelog ends after the last commit
	logs       []stream.Writer // to the changelogs, or to the meta topic
	record     stream.Record   // that log sends
}

// mark is what the consumers of an output learn about the task.
func (t *task) mark(output int, run int64) stream.Mark {
	last := t.sentMarks[output]
	m := stream.Mark{Task: t.ID, Watermark: last.Watermark}
	if w := t.Logic.OutputWatermark(output); w == loop.IdleTime {
		m.Idle = true
	} else {
		m.Watermark = max(w, last.Watermark)
	}
	if t.Ended {
		m.Ended = run
	}
	return m
}

// A taskList is the running tasks of a container, by id.
type taskList []*task

// moved reports whether something has happened since the last commit.
func (all taskList) moved() bool {
	for _, t := range all {
		if t.Moved {
			return true
		}
	}
	return false
}

// movedIDs returns the tasks to which something has happened since the last commit.
func (all taskList) movedIDs() (ids []int32) {
	for _, t := range all {
		if t.Moved {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// moveAll makes all tasks part of the next commit.
func (all taskList) moveAll() {
	for _, t := range all {
		t.Moved = true
	}
}
