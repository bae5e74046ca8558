package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program/records"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

const (
	planKey    = "plan" // of a plan without a number, as earlier versions wrote it
	planPrefix = "plan-"
	renamesKey = "renames"
)

// A History is what a job has recorded.
type History struct {
	Plans []Entry // the newest first
	// Renames are the operators that were renamed: by name, the name under which the state
	// is kept.
	Renames map[string]string

	topic string
}

// An Entry is a plan that the job has run by.
type Entry struct {
	// Number counts the plans of the job; 0 in topics of earlier versions.
	Number   int       `json:"number"`
	Recorded time.Time `json:"recorded"`
	Program  Program   `json:"program"`
	// Plan is the plan's JSON.
	Plan json.RawMessage `json:"plan"`
}

// Read reads the history of an app. It is empty if the app has never run on the system.
func Read(ctx context.Context, system stream.System, app string) (*History, error) {
	h := &History{Renames: make(map[string]string), topic: scheduler.RecordTopic(app)}
	found, err := system.Admin().Partitions(ctx, h.topic)
	if err == nil && found[h.topic] > 0 {
		err = h.read(ctx, system)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the plans of the job: %w", err)
	}
	return h, nil
}

// read reads the topic, whose last record of each key counts.
func (h *History) read(ctx context.Context, system stream.System) error {
	last := make(map[string][]byte)
	err := records.ReadAll(ctx, system, []stream.TopicPartition{{Topic: h.topic}}, func(_ stream.TopicPartition, r *stream.Record) error {
		if r.Value == nil {
			delete(last, string(r.Key))
		} else {
			last[string(r.Key)] = append([]byte(nil), r.Value...)
		}
		return nil
	})
	for key, value := range last {
		err = errors.Join(err, h.add(key, value))
	}
	slices.SortFunc(h.Plans, func(a, b Entry) int { return b.Number - a.Number })
	return err
}

// add adds a record. Keys of later versions are ignored.
func (h *History) add(key string, value []byte) error {
	number, numbered := strings.CutPrefix(key, planPrefix)
	var err error
	switch {
	case key == renamesKey:
		err = json.Unmarshal(value, &h.Renames)
	case key == planKey:
		h.Plans = append(h.Plans, Entry{Plan: value})
	case numbered:
		var e Entry
		if err = json.Unmarshal(value, &e); err == nil && strconv.Itoa(e.Number) != number {
			err = fmt.Errorf("it has the number %d", e.Number)
		}
		h.Plans = append(h.Plans, e)
	}
	if err != nil {
		return fmt.Errorf("topic %s, record %q: %w", h.topic, key, err)
	}
	return nil
}

// Last returns the plan that the job runs by, or ran by last; nil if it has never run.
func (h *History) Last() (*scheduler.Plan, error) {
	if len(h.Plans) == 0 {
		return nil, nil
	}
	p, err := scheduler.ParsePlan(h.Plans[0].Plan)
	if err != nil {
		return nil, fmt.Errorf("topic %s: the recorded plan can't be read: %w; use the version of the program that recorded it, or delete the topic, to go on without a comparison", h.topic, err)
	}
	return p, nil
}

// Rename returns the renames after an operator of a plan was renamed. Its state stays where
// it is.
func (h *History) Rename(operator *scheduler.Node, name string) map[string]string {
	renames := maps.Clone(h.Renames)
	maps.DeleteFunc(renames, func(_, kept string) bool { return kept == operator.StateName() })
	if operator.StateName() != name {
		renames[name] = operator.StateName()
	}
	return renames
}
