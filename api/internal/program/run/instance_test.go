package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

func TestInstance_Refusals(t *testing.T) {
	programtest.WithoutKafka(t)
	long := strings.Repeat("x", 101)
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"-instance", "a"}, "-instance a: the embedded log is for one process, which needs no name; add -kafka HOST:PORT"},
		{[]string{"-instance", "a", "-once", "-kafka", "none:1"}, "-instance a: a run with -once has the job alone"},
		{[]string{"-instance", "a/b", "-kafka", "none:1"}, `-instance "a/b": use only letters, digits, '.', '_' and '-'`},
		{[]string{"-instance", "ä", "-kafka", "none:1"}, `use only letters`},
		{[]string{"-instance", long, "-kafka", "none:1"}, "-instance has 101 characters: at most 100 are possible"},
	} {
		data := filepath.Join(t.TempDir(), "data")
		r := programtest.Run(t.Context(), programtest.Words(), []any{&Commands{}}, append(test.args, "-data", data)...)
		r.Failed(t, test.says, "see -help")
		if _, err := os.Stat(data); r.Code != 2 || err == nil {
			t.Errorf("%v: exit %d, data directory: %v", test.args, r.Code, err)
		}
	}
}

func TestIdentify(t *testing.T) {
	d := directory{path: t.TempDir()}
	made, err := new(settings).identify(d)
	if err != nil || len(made) != 12 {
		t.Fatalf("it made %q, %v", made, err)
	}
	if again, err := new(settings).identify(d); err != nil || again != made {
		t.Errorf("it got %q and %q, %v", made, again, err)
	}
	named := &settings{Command: Command{Instance: "east"}}
	if got, err := named.identify(d); err != nil || got != "east" {
		t.Errorf("with a name it got %q, %v", got, err)
	}
}

func TestIsOf(t *testing.T) {
	for member, want := range map[string]bool{
		"a-0": true, "a-12": true, "a-": false, "a": false, "a-1-0": false, "ab-0": false, "a-x": false, "b-0": false,
	} {
		if isOf(member, "a") != want {
			t.Errorf("%q is of a: %v", member, !want)
		}
	}
}

// replacedJob is a process that another one has replaced.
func replacedJob(t *testing.T) (*job, *programtest.Staged) {
	t.Helper()
	_, j, s := stageJob(t, "")
	j.settings.kafka = new(kafka.Options)
	j.identity, j.data = "a", directory{path: t.TempDir()}
	other := errors.New("the broker is unavailable")
	if err := j.noteReplaced(other); !errors.Is(err, other) || exists(t, j) {
		t.Errorf("after another failure: %v, and there is a file: %v", err, exists(t, j))
	}
	why := &membership.ReplacedError{Instance: "a-0", Host: "two", Here: "one", Started: time.Now()}
	if err := j.noteReplaced(why); !errors.Is(err, why) || !exists(t, j) {
		t.Errorf("it got %v, and there is a file: %v", err, exists(t, j))
	}
	return j, s
}

func exists(t *testing.T, j *job) bool {
	t.Helper()
	_, err := os.Stat(j.data.replaced())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// A supervisor that restarts the process gets the same answer until the other one is gone.
func TestReplaced_StaysAway(t *testing.T) {
	j, s := replacedJob(t)
	s.Stable("words-by-word", programtest.Member(t, "a-0", "words-by-word", nil, nil, nil))
	for range 2 {
		err := j.checkReplaced(t.Context())
		if err == nil || !strings.Contains(err.Error(), "instance a runs on two, where it replaced this process at 20") || !exists(t, j) {
			t.Errorf("it got %v", err)
		}
	}
	s.Groups["words-by-word"] = func() stream.GroupState { return stream.GroupState{State: stream.GroupIsEmpty} }
	if err := j.checkReplaced(t.Context()); err != nil || exists(t, j) {
		t.Errorf("without the other it got %v, and there is a file: %v", err, exists(t, j))
	}
	if err := j.checkReplaced(t.Context()); err != nil {
		t.Errorf("it got %v", err)
	}
}

func TestReplaced_UnderAnotherName(t *testing.T) {
	j, s := replacedJob(t)
	s.Stable("words-by-word", programtest.Member(t, "a-0", "words-by-word", nil, nil, nil))
	j.identity = "b"
	if err := j.checkReplaced(t.Context()); err != nil || exists(t, j) {
		t.Errorf("it got %v, and there is a file: %v", err, exists(t, j))
	}
}
