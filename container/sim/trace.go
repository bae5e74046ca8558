package sim

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// A Trace is what has happened, a line each, if Keep is set.
type Trace struct {
	Keep  bool
	now   func() time.Time
	begin time.Time
	lines []string
}

// widest is how much of a line is kept.
const widest = 300

// since is how long the world exists.
func (t *Trace) since() time.Duration { return t.now().Sub(t.begin) }

// Add notes what a thread or a person does.
func (t *Trace) Add(who, format string, args ...any) {
	if !t.Keep {
		return
	}
	what := fmt.Sprintf(format, args...)
	if len(what) > widest {
		what = what[:widest] + "…"
	}
	t.lines = append(t.lines, fmt.Sprintf("%12.6f  %-12s %s", t.since().Seconds(), who, what))
}

// String is the lines.
func (t *Trace) String() string { return strings.Join(t.lines, "\n") }

// handler notes what a process logs.
func (t *Trace) handler(who string) slog.Handler { return traceHandler{t, who} }

type traceHandler struct {
	trace *Trace
	who   string
}

func (traceHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h traceHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	h.trace.Add(h.who, "logs: %s", b.String())
	return nil
}

func (h traceHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h traceHandler) WithGroup(string) slog.Handler      { return h }
