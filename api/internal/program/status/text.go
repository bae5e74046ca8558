package status

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// write shows the status of a plan's job to a person.
func write(to io.Writer, j *model.Job, plan *scheduler.Plan) error {
	var b bytes.Buffer
	running := "not running"
	if j.Running {
		running = "running"
	}
	_, _ = fmt.Fprintf(&b, "%s on Kafka, cluster %s: %s\n", j.App, j.Cluster, running)
	if j.Nomad != nil {
		writeNomad(&b, j.Nomad)
	}
	for i := range j.Stages {
		writeStage(&b, &j.Stages[i])
		stage, _ := plan.Stage(j.Stages[i].Name)
		writeHeld(&b, &j.Stages[i])
		writeCounters(&b, &j.Stages[i], stage)
	}
	writeMissing(&b, j)
	_, err := b.WriteTo(to)
	return err
}

func writeStage(b *bytes.Buffer, s *model.Stage) {
	_, _ = fmt.Fprintf(b, "\nstage %s: %s, %s, %s\n", s.Name, condition(s), program.Plural(len(s.Tasks), "task"), lagText(s))
	if len(s.Members) > 0 {
		writeMembers(b, s)
	}
	if len(s.Nobody) > 0 && len(s.Members) > 0 {
		_, _ = fmt.Fprintf(b, "  unassigned: %s\n", taskRanges(s.Nobody))
	}
	if s.Containers != nil {
		writeContainers(b, s, time.Now())
	}
	for _, m := range s.Members {
		if m.Refused != "" {
			_, _ = fmt.Fprintf(b, "  %s is refused: %s\n", m.Instance, m.Refused)
		}
		if m.Fingerprint != "" {
			_, _ = fmt.Fprintf(b, "  %s runs another version: its plan is %s\n", m.Instance, m.Fingerprint)
		}
	}
}

func condition(s *model.Stage) string {
	switch {
	case s.Foreign != "":
		return fmt.Sprintf("its group %s is used by another client (%s)", s.Group, s.Foreign)
	case len(s.Members) == 0:
		return "not running"
	case s.State == string(stream.GroupIsStable):
		return program.Plural(len(s.Members), "member")
	}
	return s.State + ", " + program.Plural(len(s.Members), "member")
}

func lagText(s *model.Stage) string {
	switch {
	case s.Lag == nil:
		return "no input yet"
	case s.Uncommitted == 0:
		return "lag " + program.Plural(*s.Lag, "record")
	}
	return fmt.Sprintf("lag %s (%s without a commit)", program.Plural(*s.Lag, "record"), program.Plural(s.Uncommitted, "partition"))
}

// writeMembers shows the members, one a line.
func writeMembers(b *bytes.Buffer, s *model.Stage) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "  INSTANCE\tHOST\tADDRESS\tTASKS\tTAKING OVER\tSTANDBYS")
	for _, m := range s.Members {
		cells := []string{m.Instance, m.Host, m.Address, taskRanges(m.Tasks), taskRanges(m.TakingOver), taskRanges(m.Standbys)}
		for i := range cells {
			if cells[i] == "" {
				cells[i] = "-"
			}
		}
		_, _ = fmt.Fprintf(w, "  %s\n", strings.Join(cells, "\t"))
	}
	_ = w.Flush() // to memory
}

// taskRanges abbreviates tasks: 0-3, 7.
func taskRanges(tasks []int32) string {
	tasks = slices.Sorted(slices.Values(tasks))
	var parts []string
	for len(tasks) > 0 {
		n := 1
		for n < len(tasks) && tasks[n] == tasks[n-1]+1 {
			n++
		}
		text := strconv.Itoa(int(tasks[0]))
		if n > 1 {
			text += "-" + strconv.Itoa(int(tasks[n-1]))
		}
		parts, tasks = append(parts, text), tasks[n:]
	}
	return strings.Join(parts, ", ")
}
