package processes

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// A process is started again three times within a minute, each time after a longer
// pause; and again when that is long ago.
func TestHistory(t *testing.T) {
	h := history{limits: limits{restarts: 3, window: time.Minute, pause: time.Second}}
	began := time.Now()
	for _, step := range []struct {
		at, pause time.Duration
		again     bool
	}{
		{0, time.Second, true},
		{10 * time.Second, 2 * time.Second, true},
		{20 * time.Second, 4 * time.Second, true},
		{59 * time.Second, 0, false},
		{60 * time.Second, 4 * time.Second, true}, // the first is a minute ago
		{69 * time.Second, 0, false},
		{140 * time.Second, time.Second, true},
	} {
		if pause, again := h.ended(began.Add(step.at)); pause != step.pause || again != step.again {
			t.Errorf("after %v: %v, %v; want %v, %v", step.at, pause, again, step.pause, step.again)
		}
	}
}

// writes are what was written, each by itself.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return 0, io.ErrClosedPipe // which is nobody's business
}

// Whole lines are passed on, however they come.
func TestLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for name, test := range map[string]struct{ parts, want []string }{
		"lines":            {[]string{"a\nb\n"}, []string{"[1] a\n", "[1] b\n"}},
		"parts of lines":   {[]string{"a", "b\nc", "\n"}, []string{"[1] ab\n", "[1] c\n"}},
		"an empty line":    {[]string{"\n\na"}, []string{"[1] \n", "[1] \n", "[1] a\n"}},
		"no end of a line": {[]string{"a\nb"}, []string{"[1] a\n", "[1] b\n"}},
		"a very long line": {[]string{long + "y", "z\na\n"}, []string{"[1] " + long + "\n", "[1] yz\n", "[1] a\n"}},
		"nothing":          {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got writes
			l := lines{out: &got, prefix: "[1] "}
			for _, p := range test.parts {
				if n, err := l.Write([]byte(p)); n != len(p) || err != nil {
					t.Errorf("%d bytes were written, %v", n, err)
				}
			}
			l.end()
			if !slices.Equal(got, test.want) {
				t.Errorf("got %.80q, want %.80q", got, test.want)
			}
		})
	}
}

// An orphan is told so, and told again when its time is over.
func TestOrphan_NotifiedTwice(t *testing.T) {
	if Orphaned() != nil {
		t.Error("this process has been started by an executor?")
	}
	in, end := io.Pipe()
	told := orphaned(in, time.Millisecond)
	if _, err := end.Write([]byte("not the end")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
		t.Error("told before the end")
	default:
	}
	if err := end.Close(); err != nil {
		t.Fatal(err)
	}
	<-told
	<-told
}
