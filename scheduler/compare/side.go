package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
)

// A side is one of the two plans.
type side struct{ *scheduler.Plan }

// stage returns the stage of that name, nil if there is none.
func (s side) stage(name string) *scheduler.Stage {
	if i := slices.IndexFunc(s.Stages, func(st scheduler.Stage) bool { return st.Name == name }); i >= 0 {
		return &s.Stages[i]
	}
	return nil
}

// store finds a store by its changelog, which a new name of its operator doesn't change, and
// the stage that has it.
func (s side) store(changelog string) (*scheduler.Stage, *scheduler.Store) {
	for i := range s.Stages {
		st := &s.Stages[i]
		if j := slices.IndexFunc(st.Stores, func(o scheduler.Store) bool { return o.Changelog == changelog }); j >= 0 {
			return st, &st.Stores[j]
		}
	}
	return nil, nil
}

// find looks for the reading with the same name, which is a topic, a pattern or a
// global table as well.
func find(r *scheduler.Reading, others []scheduler.Reading) *scheduler.Reading {
	i := slices.IndexFunc(others, func(o scheduler.Reading) bool {
		return o.Name == r.Name && (o.Pattern == "") == (r.Pattern == "") &&
			(o.Delivery == scheduler.DeliverGlobal) == (r.Delivery == scheduler.DeliverGlobal)
	})
	if i < 0 {
		return nil
	}
	return &others[i]
}

// describe says how a reading reads.
func describe(r *scheduler.Reading) string { return delivered(r, describeSerdes(r.Serdes)) }

// readAs has all that must stay of how a reading reads.
func readAs(r *scheduler.Reading) string {
	return delivered(r, allText(r.Serdes, scheduler.Serdes.Encodings))
}

// delivered describes a reading, given how its records are encoded.
func delivered(r *scheduler.Reading, text string) string {
	if r.Pattern != "" {
		text = fmt.Sprintf("topics that match %q, %s", r.Pattern, text)
	}
	switch r.Delivery {
	case scheduler.DeliverBroadcast:
		text = "broadcast to all tasks, " + text
	case scheduler.DeliverGlobal:
		text = "a global table, " + text
	case scheduler.DeliverPartition:
	}
	return text
}

// describeSerdes writes serdes in a fixed order.
func describeSerdes(all []scheduler.Serdes) string {
	var out []string
	for _, s := range all {
		out = append(out, s.String())
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}

func describeDelivery(d scheduler.Delivery) string {
	if d == scheduler.DeliverBroadcast {
		return "broadcast to all tasks"
	}
	return "each record to one task"
}
