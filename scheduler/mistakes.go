package scheduler

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ofApp stands in place of a node for mistakes of the whole app.
const ofApp = -1

// A mistake is a mistake of the user, at a node of the graph.
type mistake struct {
	node int
	text string
}

// mistakes collects them, so that the user sees all at once.
type mistakes []mistake

func (ms *mistakes) add(node int, format string, args ...any) {
	*ms = append(*ms, mistake{node, fmt.Sprintf(format, args...)})
}

// err joins the mistakes in the order of the user's calls, each with its
// file:line; nil if there is none.
func (ms mistakes) err(g Graph) error {
	sorted := slices.Clone(ms)
	slices.SortStableFunc(sorted, func(a, b mistake) int { return cmp.Compare(a.node, b.node) })
	errs := make([]error, len(sorted))
	for i, m := range sorted {
		if m.node != ofApp && g.Nodes[m.node].At != "" {
			errs[i] = fmt.Errorf("%s: %s", g.Nodes[m.node].At, m.text)
		} else {
			errs[i] = errors.New(m.text)
		}
	}
	return errors.Join(errs...)
}
