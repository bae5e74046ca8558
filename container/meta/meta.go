// Package meta is the codec of meta records, the checkpoints of tasks. A container writes
// one to each changelog of a task with every commit, and with the state to the task's
// database. It says where the task continues.
package meta

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// The versions of the record. Since version 2, keys of entries that begin with [Key] are
// escaped in the changelog. Version 1 is read, too.
const (
	firstVersion   = 1
	escapedVersion = 2
	version        = escapedVersion
)

// A Record is the checkpoint of a task.
type Record struct {
	Version int     `json:"version"`
	Seq     int64   `json:"seq"` // counts the task's commits
	System  string  `json:"system"`
	App     string  `json:"app"`
	Stage   string  `json:"stage"`
	Task    int32   `json:"task"`
	Inputs  []Input `json:"inputs"`
	// Operators holds the watermarks that operators have reached.
	Operators map[string]int64 `json:"operators,omitempty"`
	// Schemas of the stores, by name. They must not change under existing state.
	Schemas map[string]string `json:"schemas,omitempty"`
	// Forms are the forms of the values in the stores, by name and by number. Each value
	// has the number of its form. Numbers never change.
	Forms map[string][]string `json:"forms,omitempty"`
	// Topics are the ids of the changelogs and inputs, by name, on logs that have ids.
	Topics map[string]string `json:"topics,omitempty"`
	// Producer is the id of the producer that committed the record, if it can be fenced;
	// Owner identifies the life of the container.
	Producer string `json:"producer,omitempty"`
	Owner    string `json:"owner,omitempty"`
	// AtLeastOnce means that the record wasn't written in a transaction: the group's
	// offset may be behind it.
	AtLeastOnce bool `json:"atLeastOnce,omitempty"`
	// Clean means that the container stopped after it, and the group's offset is the same.
	// If that differs later, another client has set it.
	Clean bool `json:"clean,omitempty"`
	// Reset means that the task is being reset, and how: [ResetClears] or [ResetKeeps].
	// Only another reset may go on from here.
	Reset string `json:"reset,omitempty"`

	// The following fields exist in the database only. At is when the database had all
	// records of the changelogs, in ms since 1970; 0: not noted. Changelogs is, by store,
	// the offset up to which the database holds the changelog.
	At         int64            `json:"at,omitempty"`
	Changelogs map[string]int64 `json:"changelogs,omitempty"`
	// Restoring means that the database is being restored to this commit and doesn't hold
	// all of it, or that the changelogs must be repaired first. Cuts is, by store, where
	// the commit ends in the changelog.
	Restoring bool             `json:"restoring,omitempty"`
	Cuts      map[string]int64 `json:"cuts,omitempty"`
}

// An Input is where a task continues with one input partition.
type Input struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Watermark *int64 `json:"watermark,omitempty"`
	Epoch     int64  `json:"epoch,omitempty"`
	// Marks are those of the tasks that write a repartition topic and have sent one. Tasks
	// is the number of all that write it.
	Marks []stream.Mark `json:"marks,omitempty"`
	Tasks int32         `json:"tasks,omitempty"`
	// BootstrapEnd is the offset up to which a bootstrap input is read before the other
	// inputs of the task; Bootstrapped means that it was reached.
	BootstrapEnd int64 `json:"bootstrapEnd,omitempty"`
	Bootstrapped bool  `json:"bootstrapped,omitempty"`
}

// The values of [Record.Reset]: what the reset does with the stores.
const (
	ResetClears = "clear"
	ResetKeeps  = "keep"
)

// New makes the record of a task that has committed nothing.
func New(system, app string, stage *scheduler.Stage, task int32) Record {
	m := Record{Version: version, System: system, App: app, Stage: stage.Name, Task: task}
	if len(stage.Stores) > 0 {
		m.Schemas = make(map[string]string)
		for _, s := range stage.Stores {
			m.Schemas[s.StateName()] = s.Schema
		}
	}
	return m
}

// Encode returns JSON, so that people can read a changelog. Maps are written in the order
// of their keys.
func (m Record) Encode() ([]byte, error) { return json.Marshal(m) }

// MaxSize bounds an encoded record, in bytes. The largest ones have a mark of each task
// that writes a repartition topic: about 80 bytes.
const MaxSize = 8 << 20

// Parse reads an encoded record.
func Parse(src []byte) (Record, error) {
	var m Record
	if len(src) > MaxSize {
		return Record{}, fmt.Errorf("meta record of %d bytes: at most %d are possible", len(src), MaxSize)
	}
	if err := json.Unmarshal(src, &m); err != nil {
		return Record{}, fmt.Errorf("meta record: %w", err)
	}
	if m.Version < firstVersion {
		return Record{}, errors.New("meta record has no version")
	}
	if m.Version > version {
		return Record{}, fmt.Errorf("meta record has version %d: it was written by a newer program", m.Version)
	}
	return m, nil
}

// CheckSchemas returns an error if state means something else to this program than to the
// one that wrote it.
func (m Record) CheckSchemas(stage *scheduler.Stage) error {
	var errs []error
	for _, s := range stage.Stores {
		if old, ok := m.Schemas[s.StateName()]; ok && old != s.Schema {
			errs = append(errs, fmt.Errorf("store %q holds %s, but the program now keeps %s in it: give the operator a new name, or start with a new data directory", s.Name, old, s.Schema))
		}
	}
	return errors.Join(errs...)
}

// FormsOf returns the forms by store, in the order of the stage.
func (m *Record) FormsOf(stage *scheduler.Stage) [][]string {
	var forms [][]string
	for i := range stage.Stores {
		forms = append(forms, m.Forms[stage.Stores[i].StateName()])
	}
	return forms
}

// SetForms sets the forms by store, in the order of the stage.
func (m *Record) SetForms(stage *scheduler.Stage, forms [][]string) {
	for i, table := range forms {
		if len(table) == 0 {
			continue
		}
		if m.Forms == nil {
			m.Forms = make(map[string][]string)
		}
		m.Forms[stage.Stores[i].StateName()] = table
	}
}

// Input returns what was committed for a partition.
func (m Record) Input(tp stream.TopicPartition) (Input, bool) {
	i := slices.IndexFunc(m.Inputs, func(in Input) bool {
		return in.Topic == tp.Topic && in.Partition == tp.Partition
	})
	if i < 0 {
		return Input{}, false
	}
	return m.Inputs[i], true
}

// A Claim says who committed a task, and for which time.
type Claim struct {
	Owner string
	Seq   int64
}

// Claim returns the zero value for a task that was never committed.
func (m *Record) Claim() Claim {
	if m == nil {
		return Claim{}
	}
	return Claim{m.Owner, m.Seq}
}
