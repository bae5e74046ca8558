package scheduler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// fingerprint condenses to 16 hex digits what existing state and topics depend
// on: the names of the stages, their topics with serdes, their stores with
// schemas and shapes of values. The shapes of records in topics aren't in it: see
// [Plan.Compatibility]. A change of what it covers needs a change of package compare.
//
// The number of partitions counts where the partition of a key decides which
// task has its state: of repartition topics, of topics whose records reach a
// store, and of stores (tasks). It doesn't count for other topics, which may grow
// under a running job. Operators without state, the positions of nodes, and the
// number of containers don't count either. Of a pattern the text counts, not the
// topics that match: a new topic adds to what is read, and changes no state.
func fingerprint(p *Plan) string {
	f := facts{}
	for i := range p.Stages {
		f.addStage(p, &p.Stages[i])
	}
	for _, x := range p.Transfers() {
		width := x.Partitions
		if x.Delivery != DeliverPartition {
			width = 0
			f.add("stage %q reads %q by delivery %q", x.To, x.Topic, x.Delivery)
		}
		f.add("stage %q reads %q %d %q %q", x.To, x.Topic, width, x.Serdes.KeyText(), x.Serdes.Encodings())
		f.add("stage %q writes %q %q", x.From, x.Topic, x.Serdes.Encodings())
	}
	slices.Sort(f) // the order of stages doesn't count
	f = slices.Compact(f)
	sum := sha256.Sum256([]byte(p.App + "\n" + strings.Join(f, "\n")))
	return hex.EncodeToString(sum[:8])
}

// facts are the lines that a fingerprint is made of.
type facts []string

func (f *facts) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func (f *facts) addStage(p *Plan, st *Stage) {
	f.add("stage %q", st.Name)
	for _, r := range p.Readings(st) {
		f.addReading(st, &r)
	}
	for _, w := range p.Writings(st) {
		for _, d := range w.Serdes {
			f.add("stage %q writes %q %q %q", st.Name, w.Topic, d.KeyText(), d.Encodings())
			if len(w.Serdes) > 1 {
				f.add("stage %q writes %q %q", st.Name, w.Topic, d.Text())
			}
		}
	}
	for _, s := range st.Stores {
		f.add("stage %q keeps %q %d %q", st.Name, s.Changelog, st.Tasks, s.Schema+"; "+s.Value)
	}
}

func (f *facts) addReading(st *Stage, r *Reading) {
	width := int32(0)
	if r.Keyed {
		width = r.Partitions
	}
	if r.Delivery != DeliverPartition {
		f.add("stage %q reads %q by delivery %q", st.Name, r.Name, r.Delivery)
	}
	for _, d := range r.Serdes {
		if r.Pattern == "" {
			f.add("stage %q reads %q %d %q", st.Name, r.Name, width, d.Encodings())
		} else {
			f.add("stage %q matches %q by %q %d %q", st.Name, r.Name, r.Pattern, width, d.Encodings())
		}
	}
}
