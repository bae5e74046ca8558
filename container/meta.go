package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// metaKey is the reserved key of the meta record in a changelog. It can't be a
// user's: log refuses it.
const metaKey = "\x00grete.meta\x00"

// IsMeta tells whether a changelog's key is that of meta records, which aren't entries
// of a store.
func IsMeta(key []byte) bool { return string(key) == metaKey }

// A meta is the checkpoint of a task: written at each commit to its changelogs
// and, with the state, to its database. It says where the task goes on.
type meta struct {
	Version int         `json:"version"`
	Seq     int64       `json:"seq"` // counts the task's commits
	System  string      `json:"system"`
	App     string      `json:"app"`
	Stage   string      `json:"stage"`
	Task    int32       `json:"task"`
	Inputs  []metaInput `json:"inputs"`
	// Operators holds the watermarks that operators have reached.
	Operators map[string]int64 `json:"operators,omitempty"`
	// Schemas of the stores, by name: what must not change under existing state.
	Schemas map[string]string `json:"schemas,omitempty"`
	// Topics are the ids of the changelogs and the inputs, by name, of those that
	// have one.
	Topics map[string]string `json:"topics,omitempty"`
	// Producer is the id of the producer that has committed it, if that could be
	// shut out; Owner the life of the container.
	Producer string `json:"producer,omitempty"`
	Owner    string `json:"owner,omitempty"`
	// AtLeastOnce says that it wasn't written in a transaction: the group's offset
	// may be behind it.
	AtLeastOnce bool `json:"atLeastOnce,omitempty"`
	// Clean says that the container has stopped after it, and the group's offset is
	// the same: the next one to differ was set by somebody else.
	Clean bool `json:"clean,omitempty"`
	// Reset says that the task is being reset, and how; see [Reset]. Nobody goes on
	// from here but another reset.
	Reset string `json:"reset,omitempty"`

	// What follows is in the database only. At is when it had all that was in the
	// changelogs, in ms since 1970; 0: before that was noted. Changelogs is up to
	// where it holds each store's changelog.
	At         int64            `json:"at,omitempty"`
	Changelogs map[string]int64 `json:"changelogs,omitempty"`
	// Restoring says that the database is being restored to this commit, and doesn't
	// hold all of it yet, or that the changelogs are not in order yet. Cuts is where
	// the commit ends in them.
	Restoring bool             `json:"restoring,omitempty"`
	Cuts      map[string]int64 `json:"cuts,omitempty"`
}

type metaInput struct {
	Topic     string        `json:"topic"`
	Partition int32         `json:"partition"`
	Offset    int64         `json:"offset"`
	Watermark *int64        `json:"watermark,omitempty"`
	Epoch     int64         `json:"epoch,omitempty"`
	Marks     []stream.Mark `json:"marks,omitempty"`
}

const metaVersion = 1

// blankMeta is that of a task which has committed nothing.
func (c Config) blankMeta(t *task) meta {
	m := meta{Version: metaVersion, System: c.System.ID(), App: c.App, Stage: t.stage.Name, Task: t.ID}
	if len(t.stage.Stores) > 0 {
		m.Schemas = make(map[string]string)
		for _, s := range t.stage.Stores {
			m.Schemas[s.Name] = s.Schema
		}
	}
	return m
}

// meta describes a task as it stands, all finished.
func (c *Container) meta(t *task) meta {
	m := c.cfg.blankMeta(t)
	m.Seq, m.AtLeastOnce, m.Clean, m.Topics = t.seq, c.cfg.AtLeastOnce, c.clean, c.ids
	if !c.cfg.AtLeastOnce {
		m.Producer, m.Owner = c.cfg.TransactionalID(), c.owner
	}
	for _, p := range t.partitions {
		in := metaInput{Topic: p.Topic, Partition: p.Partition, Offset: p.position}
		if p.watermark != stream.NoTime {
			in.Watermark = &p.watermark
		}
		if p.marks != nil {
			in.Epoch, in.Marks = p.marks.epoch, p.marks.marks
		}
		m.Inputs = append(m.Inputs, in)
	}
	m.Operators = t.logic.Marks()
	return m
}

// encode is JSON, so that a changelog can be read by people. The order of the
// fields of maps is that of their keys.
func (m meta) encode() ([]byte, error) { return json.Marshal(m) }

func parseMeta(src []byte) (meta, error) {
	var m meta
	if err := json.Unmarshal(src, &m); err != nil {
		return meta{}, fmt.Errorf("meta record: %w", err)
	}
	if m.Version != metaVersion {
		return meta{}, fmt.Errorf("meta record has version %d: it was written by a newer program", m.Version)
	}
	return m, nil
}

// checkSchemas refuses to go on with state that means something else to this
// program than to the one that wrote it.
func (m meta) checkSchemas(stage *scheduler.Stage) error {
	var errs []error
	for _, s := range stage.Stores {
		if old, ok := m.Schemas[s.Name]; ok && old != s.Schema {
			errs = append(errs, fmt.Errorf("store %q holds %s, but the program now keeps %s in it: give the operator a new name, or start with a new data directory", s.Name, old, s.Schema))
		}
	}
	return errors.Join(errs...)
}

// input finds what was committed for a partition.
func (m meta) input(tp stream.TopicPartition) (metaInput, bool) {
	i := slices.IndexFunc(m.Inputs, func(in metaInput) bool {
		return in.Topic == tp.Topic && in.Partition == tp.Partition
	})
	if i < 0 {
		return metaInput{}, false
	}
	return m.Inputs[i], true
}
