package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/apitest"
)

const (
	input  = "entries"
	output = "answers"
)

func TestEntries_LooksUpWhatWasPut(t *testing.T) {
	marked := 0
	x := apitest.New(t, entries(settings{runID: "benchmark", input: input, output: output}, func() { marked++ }), apitest.Options{Partitions: 1})
	x.SendKeyed(input, "a", "{1}")
	x.SendKeyed(input, "b", "{2}")
	x.Expect[string](output)
	for range 2 {
		x.SendKeyed(input, "b", lookUp)
		x.SendKeyed(input, "a", lookUp)
	}
	x.Expect(output, "{2}", "{1}", "{2}", "{1}")
	x.SendKeyed(input, "a", "{3}")
	x.SendKeyed(input, "nobody", lookUp)
	x.Crash()
	x.Restart()
	x.SendKeyed(input, "a", lookUp)
	x.SendKeyed(input, "b", lookUp)
	x.Expect(output, "", "{3}", "{2}")
	if marked < 10 {
		t.Errorf("%d of 10 records were marked", marked)
	}
}

func TestSlim_DropsOneCountry(t *testing.T) {
	x := apitest.New(t, slim(settings{runID: "benchmark", input: "views", output: output}, func() {}))
	x.SendKeyed("views", "/", PageView{UserID: "ada", Page: "/", Country: "DE", DurationMs: 7})
	x.SendKeyed("views", "/", PageView{UserID: "alan", Page: "/", Country: droppedCountry})
	x.Expect(output, SlimView{"ada", "/", 7})
}

func TestCounts_EachUserAndMinute(t *testing.T) {
	x := apitest.New(t, counts(settings{runID: "benchmark", input: "views", output: output}, func() {}))
	for _, ts := range []int64{1000, 59_000, 60_000} {
		x.SendKeyed("views", "/", PageView{UserID: "ada", TS: ts})
	}
	x.Advance(time.Hour)
	x.Expect(output, WindowCount{"ada", 0, 2}, WindowCount{"ada", 60_000, 1})
	if got := (WindowCount{UserID: "ada", WindowStart: 60_000}).Key(); got != "ada@60000" {
		t.Errorf("the key is %s", got)
	}
}

func TestProfiles_JoinsViewsWithTheirUsers(t *testing.T) {
	x := apitest.New(t, profiles(settings{runID: "benchmark", input: "views", table: "users", output: output}, func() {}))
	x.SendKeyed("users", "ada", Profile{UserID: "ada", Name: "Ada", Tier: "gold"})
	x.SendKeyed("views", "ada", PageView{UserID: "ada", Page: "/", DurationMs: 7})
	x.SendKeyed("views", "alan", PageView{UserID: "alan", Page: "/"})
	x.Expect(output, EnrichedView{"ada", "/", 7, "Ada", "gold"})
}

func TestMark_CreatesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "first")
	m := newMark(file)
	m.set()
	m.set()
	if found, _ := filepath.Glob(file); len(found) != 1 {
		t.Error("there is no file")
	}
}

func TestSettings_BecomeFlags(t *testing.T) {
	full := map[string]string{
		"BROKERS": "localhost:9092", "PARTITIONS": "8", "N": "1000", "COMMIT_MS": "10000", "WORKLOAD": "w4",
		"INPUT": input, "TABLE": "", "OUTPUT": output, "RUN_ID": "grete-w4-1", "STATE_DIR": "state", "FIRST_FILE": "first",
	}
	s, err := readSettings(func(name string) string { return full[name] })
	want := settings{
		workload: "w4", brokers: "localhost:9092", partitions: 8, commit: 10 * time.Second, input: input, output: output,
		runID: "grete-w4-1", stateDir: "state", firstFile: "first",
	}
	if s != want || err != nil {
		t.Errorf("got %+v, %v", s, err)
	}
	flags := []string{"run", "-kafka", "localhost:9092", "-data", "state", "-partitions", "8", "-commit-interval", "10s"}
	if got := s.flags(); !slices.Equal(got, flags) {
		t.Errorf("flags are %q", got)
	}
}

func TestSettings_MistakesAreReported(t *testing.T) {
	for _, c := range []struct {
		name, value string
		says        []string
	}{
		{"WORKLOAD", "w5", []string{`WORKLOAD is "w5", and should be one of w1, w2, w3, w4`}},
		{"WORKLOAD", "w3", []string{"TABLE is not set"}},
		{"WORKLOAD", "", []string{"WORKLOAD is not set"}},
		{"PARTITIONS", "0", []string{`PARTITIONS is "0", and should be a number, 1 or more`}},
		{"COMMIT_MS", "10s", []string{`COMMIT_MS is "10s", and should be a number`}},
		{"BROKERS", "", []string{"BROKERS is not set"}},
		{"", "", []string{"BROKERS is not set", "PARTITIONS is not set", "INPUT", "OUTPUT", "RUN_ID", "STATE_DIR", "FIRST_FILE", "; "}},
	} {
		_, err := readSettings(func(name string) string {
			switch {
			case name == "TABLE":
				return ""
			case name == c.name:
				return c.value
			case c.name == "":
				return ""
			case name == "WORKLOAD":
				return "w4"
			default:
				return "1"
			}
		})
		for _, says := range c.says {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s=%s: %v, and should say %q", c.name, c.value, err, says)
			}
		}
	}
}
