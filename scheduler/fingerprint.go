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
//
// The number of partitions counts where keys are at home in partitions: of
// repartition topics, of topics whose records reach a store, and of stores
// (tasks). It doesn't count for other topics, which may grow under a running
// job. Stateless operators, the positions of nodes, and the number of containers
// don't count either, nor which topics match a pattern: a new one adds to what
// is read, and changes nothing that is kept.
func fingerprint(p *Plan) string {
	g := p.Graph()
	var keyed []string
	for _, m := range meetings(g, p.Stages) {
		keyed = append(keyed, m.topics...)
	}
	var lines []string
	for i := range p.Stages {
		s := &p.Stages[i]
		lines = append(lines, fmt.Sprintf("stage %q", s.Name))
		for _, in := range s.Inputs {
			width := int32(0)
			if in.Repartition() || slices.Contains(keyed, in.Topic) {
				width = in.Partitions
			}
			for _, n := range in.Nodes {
				if g.Nodes[n].Pattern == "" {
					lines = append(lines, fmt.Sprintf("stage %q reads %q %d %q %q", s.Name, in.Topic, width, g.Nodes[n].Key, g.Nodes[n].Value))
					continue
				}
				line := fmt.Sprintf("stage %q matches %q %d %q %q", s.Name, g.Nodes[n].Name, width, g.Nodes[n].Key, g.Nodes[n].Value)
				if !slices.Contains(lines, line) {
					lines = append(lines, line)
				}
			}
		}
		for _, out := range s.Outputs {
			lines = append(lines, fmt.Sprintf("stage %q writes %q %q %q", s.Name, out.Topic, g.Nodes[out.Node].Key, g.Nodes[out.Node].Value))
		}
		for _, st := range s.Stores {
			lines = append(lines, fmt.Sprintf("stage %q keeps %q %d %q", s.Name, st.Changelog, s.Tasks, st.Schema))
		}
	}
	slices.Sort(lines) // the order of stages is no matter of state
	sum := sha256.Sum256([]byte(p.App + "\n" + strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}
