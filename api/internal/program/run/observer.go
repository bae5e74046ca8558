package run

import (
	"log/slog"
	"strconv"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/container"
)

// An observer logs what happens in the containers of a process. It admits stages that
// work, and tells people what they must know.
type observer struct {
	container.NopObserver
	console   program.Console
	log       *slog.Logger
	admission *admission
}

// Restored implements [container.Observer].
func (o *observer) Restored(r container.Restore) { o.admission.admit(r.Stage.Name) }

// Rebalanced implements [container.Observer]. A container without tasks works.
func (o *observer) Rebalanced(r container.Rebalance) {
	if len(r.Tasks) == 0 {
		o.admission.admit(r.Stage.Name)
	}
	if r.First || len(r.Added) > 0 || len(r.Removed) > 0 {
		o.sayTasks(r)
	}
}

// sayTasks says which tasks of a stage a container of this process has from now on.
func (o *observer) sayTasks(r container.Rebalance) {
	say, stage := o.console.Say, r.Stage
	if r.Members == 1 && len(r.Tasks) == int(stage.Tasks) {
		say("stage %s: all %d tasks", stage.Name, stage.Tasks)
		return
	}
	ids := make([]string, len(r.Tasks))
	for i, id := range r.Tasks {
		ids[i] = strconv.Itoa(int(id))
	}
	have := "no task"
	if len(ids) > 0 {
		have = "tasks " + strings.Join(ids, ", ")
	}
	say("stage %s: %s of %d, shared by %d containers", stage.Name, have, stage.Tasks, r.Members)
}

// Skipped implements [container.Observer]. It logs failures of operators only: inputs and
// operators may skip what they can't read as a matter of course, and it is counted.
func (o *observer) Skipped(s container.Skip) {
	if s.Operator.Text == "" || s.ByOperator {
		return
	}
	o.log.Warn("record skipped", "stage", s.Stage.Name, "topic", s.Record.Topic, "partition", s.Record.Partition, "offset", s.Record.Offset, "task", s.Task, "node", s.Operator.Name, "operator", s.Operator.Text, "error", s.Err)
}
