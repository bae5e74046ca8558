package api

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gretestream/grete/stream"
)

// write shows the status to a person.
func (j *jobStatus) write(to io.Writer) error {
	var b bytes.Buffer
	running := "nobody runs it"
	if j.Running {
		running = "running"
	}
	_, _ = fmt.Fprintf(&b, "%s on Kafka, cluster %s: %s\n", j.App, j.Cluster, running)
	if j.Nomad != nil {
		j.Nomad.write(&b)
	}
	for i := range j.Stages {
		j.Stages[i].write(&b)
	}
	_, err := b.WriteTo(to)
	return err
}

func (s *stageStatus) write(b *bytes.Buffer) {
	_, _ = fmt.Fprintf(b, "\nstage %s: %s, %s, %s\n", s.Name, s.condition(), plural(s.Tasks, "task"), s.lagText())
	if len(s.Members) > 0 {
		s.table(b)
	}
	if len(s.Nobody) > 0 && len(s.Members) > 0 {
		_, _ = fmt.Fprintf(b, "  nobody has: %s\n", taskRanges(s.Nobody))
	}
	if s.Containers != nil {
		s.nomadTable(b, time.Now())
	}
	for _, m := range s.Members {
		if m.Refused != "" {
			_, _ = fmt.Fprintf(b, "  %s is refused: %s\n", m.Instance, m.Refused)
		}
		if m.Fingerprint != "" {
			_, _ = fmt.Fprintf(b, "  %s runs another version: its plan is %s, this program's isn't\n", m.Instance, m.Fingerprint)
		}
	}
}

func (s *stageStatus) condition() string {
	switch {
	case s.Foreign != "":
		return fmt.Sprintf("another kind of client (%s) uses its group %s", s.Foreign, s.Group)
	case len(s.Members) == 0:
		return "nobody runs it"
	case s.State == string(stream.GroupIsStable):
		return plural(len(s.Members), "member")
	}
	return s.State + ", " + plural(len(s.Members), "member")
}

func (s *stageStatus) lagText() string {
	switch {
	case s.Lag == nil:
		return "no input yet"
	case s.Uncommitted == 0:
		return "lag " + plural(*s.Lag, "record")
	}
	return fmt.Sprintf("lag %s (nothing is committed of %s)", plural(*s.Lag, "record"), plural(s.Uncommitted, "partition"))
}

// table shows the members, one in a line.
func (s *stageStatus) table(b *bytes.Buffer) {
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

// taskRanges writes tasks in short: 0-3, 7.
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
