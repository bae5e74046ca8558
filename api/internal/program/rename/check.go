package rename

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// check returns the operator of the last plan that gets another name in this program.
func (k *Command) check(last *scheduler.Plan, now scheduler.Graph) (*scheduler.Node, error) {
	if k.Old == k.New {
		return nil, fmt.Errorf("%q is both names", k.Old)
	}
	operator := find(last.Nodes, k.Old)
	renamed := find(now.Nodes, k.New)
	switch {
	case operator == nil:
		return nil, fmt.Errorf("the version that ran last has no operator %q; those with state are: %s", k.Old, stateful(last.Nodes))
	case operator.Kind == scheduler.KindRepartition:
		return nil, fmt.Errorf("%q is a PartitionBy: its topic, and the stage and the group behind it, have its name, so it can't be renamed; keep the name, or start without state by reset with this version", k.Old)
	case operator.Pattern != "":
		return nil, fmt.Errorf("%q is an input with a pattern: its stage and its group have its name, so it can't be renamed; keep the name, or start without state by reset with this version", k.Old)
	case slices.ContainsFunc(last.Stages, func(s scheduler.Stage) bool { return s.Name == k.Old }):
		return nil, fmt.Errorf("%q is a stage, which is named after its input or PartitionBy, and can't be renamed; keep that name, or start without state by reset with this version", k.Old)
	case len(operator.Stores) == 0:
		return nil, fmt.Errorf("operator %q has no state: another name needs no command", k.Old)
	case renamed == nil || len(renamed.Stores) == 0:
		return nil, fmt.Errorf("this program has no operator %q with state; those are: %s. Run rename with the version that has the new name", k.New, stateful(now.Nodes))
	case find(now.Nodes, k.Old) != nil:
		return nil, fmt.Errorf("this program has an operator %q, too; give it another name, since the state of that name goes to %q", k.Old, k.New)
	case find(last.Nodes, k.New) != nil:
		return nil, fmt.Errorf("the version that ran last has an operator %q, too, with its own state; choose another name", k.New)
	}
	return operator, nil
}

// checkStores refuses operators whose state can't go on under the new name.
func (k *Command) checkStores(last, plan *scheduler.Plan) error {
	v := compare.Plans(last, plan)
	var why []string
	for _, ch := range v.Changes {
		if ch.Subject == compare.SubjectStore && ch.Effect == compare.Incompatible && strings.HasPrefix(ch.Name, k.New) {
			why = append(why, fmt.Sprintf("%s: %s", ch.Name, ch.Why))
		}
	}
	if len(why) > 0 {
		return errors.New("the state can't go on under the new name: " + strings.Join(why, "; ") + ". Nothing was renamed; plan shows what else has changed")
	}
	return nil
}

// find returns the node of that name; nil if there is none.
func find(nodes []scheduler.Node, name string) *scheduler.Node {
	if i := slices.IndexFunc(nodes, func(n scheduler.Node) bool { return n.Name == name }); i >= 0 {
		return &nodes[i]
	}
	return nil
}

// stateful lists the operators with state.
func stateful(nodes []scheduler.Node) string {
	var names []string
	for i := range nodes {
		if len(nodes[i].Stores) > 0 {
			names = append(names, nodes[i].Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
