package status

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
)

// writeCounters shows what is unusual about the records and values of a stage: nothing in
// most jobs. plan has the current forms of the values; nil if the stage isn't known.
func writeCounters(b *bytes.Buffer, s *model.Stage, plan *scheduler.Stage) {
	ahead, overtaken, topics := make(map[string]int64), make(map[string]int64), []string(nil)
	for _, t := range s.Tasks {
		for _, in := range t.Inputs {
			ahead[in.Topic] += in.Ahead
			overtaken[in.Topic] += in.Overtaken
			topics = append(topics, in.Topic)
		}
	}
	slices.Sort(topics)
	for _, topic := range slices.Compact(topics) {
		if n := ahead[topic]; n > 0 {
			_, _ = fmt.Fprintf(b, "  input %s: %s further ahead of the clock than MaxAhead\n", topic, program.Plural(n, "record"))
		}
		if n := overtaken[topic]; n > 0 {
			_, _ = fmt.Fprintf(b, "  input %s: %s behind the watermark because a single other record moved it; see the warnings in the log\n", topic, program.Plural(n, "record"))
		}
	}
	if plan != nil {
		writeForms(b, s, plan)
	}
}

// writeForms shows how many values of each store still have a former form.
func writeForms(b *bytes.Buffer, s *model.Stage, plan *scheduler.Stage) {
	for i := range plan.Stores {
		store, former := &plan.Stores[i], make(map[string]int64)
		for _, t := range s.Tasks {
			for _, in := range t.Stores {
				if in.Name == store.Name {
					add(former, in.Forms)
				}
			}
		}
		delete(former, store.Value)
		for _, form := range slices.Sorted(maps.Keys(former)) {
			_, _ = fmt.Fprintf(b, "  store %s: %s left in the former form %s\n", store.Name, program.Plural(former[form], "value"), abbreviate(form))
		}
	}
}

func add(sum, more map[string]int64) {
	for form, n := range more {
		sum[form] += n
	}
}

// longest is how much of a form is shown, in characters.
const longest = 80

func abbreviate(form string) string {
	if runes := []rune(form); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return form
}

// writeMissing says which processes haven't told their counters.
func writeMissing(b *bytes.Buffer, j *model.Job) {
	for _, p := range j.Others {
		_, _ = fmt.Fprintf(b, "\ncounters are missing: %s\n", p.Error)
	}
}
