package scheduler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// fingerprint says in 16 hex digits what existing state and topics depend on:
// the names of the stages, their topics with serdes, their stores with schemas.
// Who changes what it depends on changes [Compare] as well.
//
// The number of partitions counts where keys are at home in partitions: of
// repartition topics, of topics whose records reach a store, and of stores
// (tasks). It doesn't count for other topics, which may grow under a running
// job. Stateless operators, the positions of nodes, and the number of containers
// don't count either, nor which topics match a pattern (the pattern does): a new
// one adds to what is read, and changes nothing that is kept.
func fingerprint(p *Plan) string {
	s := side{p}
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for i := range p.Stages {
		st := &p.Stages[i]
		add("stage %q", st.Name)
		for _, r := range s.readings(st) {
			width := int32(0)
			if r.keyed {
				width = r.partitions
			}
			if r.delivery != DeliverPartition {
				add("stage %q reads %q by delivery %q", st.Name, r.name, r.delivery)
			}
			for _, d := range r.serdes {
				if r.pattern == "" {
					add("stage %q reads %q %d %q %q", st.Name, r.name, width, d.key, d.value)
				} else {
					add("stage %q matches %q by %q %d %q %q", st.Name, r.name, r.pattern, width, d.key, d.value)
				}
			}
		}
		for _, w := range s.written(st) {
			for _, d := range w.serdes {
				add("stage %q writes %q %q %q", st.Name, w.topic, d.key, d.value)
			}
		}
		for _, store := range st.Stores {
			add("stage %q keeps %q %d %q", st.Name, store.Changelog, st.Tasks, store.Schema)
		}
	}
	for _, x := range s.crossings() {
		width := x.partitions
		if x.delivery != DeliverPartition {
			width = 0
			add("stage %q reads %q by delivery %q", x.to, x.topic, x.delivery)
		}
		add("stage %q reads %q %d %q %q", x.to, x.topic, width, x.serdes.key, x.serdes.value)
		add("stage %q writes %q %q %q", x.from, x.topic, x.serdes.key, x.serdes.value)
	}
	slices.Sort(lines) // the order of stages is no matter of state
	sum := sha256.Sum256([]byte(p.App + "\n" + strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}
