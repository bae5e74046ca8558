// The benchmark program is what stands for Grete where stream processors are
// compared: each of them does the same workload over the same topics, and is told
// by the same environment variables what to do; see [settings]. Flags of the
// command line, such as -at-least-once, are those of every program, and win over
// the variables.
//
// There is one workload yet, w4: how fast the state comes back from the changelog.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gretestream/grete/api"
)

func main() {
	s, err := readSettings(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(2)
	}
	os.Args = slices.Insert(os.Args, 1, s.flags()...)
	s.pipeline().Main()
}

// pipeline is that of the workload.
func (s settings) pipeline() *api.App {
	return entries(s.runID, s.input, s.output, newMark(s.firstFile).set)
}

// lookUp is the value of a record that asks for the entry of its key. Entries
// don't begin like it.
const lookUp = "?"

// entries is the workload w4: a record puts an entry into a store under its key, or
// looks it up, and then the entry is written under that key. What it costs is seen
// when the local state was wiped: all of it has to come back before the first
// answer.
func entries(name, input, output string, first func()) *api.App {
	app := api.New(name)
	app.FromKeyed[string, string](input).
		Peek(func(string) { first() }).
		Fold("entries", putOrGet).
		Updates().
		Filter(isAnswer).
		MapValues(answered).
		To(output)
	return app
}

// putOrGet is the entry of a key after a record. One that was looked up last has
// the mark of it, until it is put anew.
func putOrGet(entry, value string) string {
	if value != lookUp {
		return value
	}
	return lookUp + answered(entry)
}

func isAnswer(entry string) bool { return strings.HasPrefix(entry, lookUp) }

func answered(entry string) string { return strings.TrimPrefix(entry, lookUp) }

// A mark is a file that is made once, to show others that the first record is being
// processed.
type mark struct {
	once sync.Once
	file string
}

func newMark(file string) *mark { return &mark{file: file} }

// set makes the file. Several tasks may do so at once.
func (m *mark) set() {
	m.once.Do(func() {
		if err := os.WriteFile(m.file, nil, 0o644); err != nil {
			slog.Warn("the first record can't be marked", "error", err)
		}
	})
}

// settings are what the environment variables say.
type settings struct {
	brokers    string // BROKERS: HOST:PORT,…
	partitions int    // PARTITIONS: of the topics that the job creates
	commit     time.Duration
	input      string // INPUT: a topic
	output     string // OUTPUT: a topic
	runID      string // RUN_ID: the app's name, and so part of the names of all that it makes
	stateDir   string // STATE_DIR
	firstFile  string // FIRST_FILE: made when the first record is processed
}

// readSettings reads the variables, and says all that is wrong with them.
func readSettings(variable func(string) string) (settings, error) {
	var errs []error
	text := func(name string) string {
		value := variable(name)
		if value == "" {
			errs = append(errs, fmt.Errorf("the environment variable %s is not set", name))
		}
		return value
	}
	number := func(name string) int {
		value := text(name)
		n, err := strconv.Atoi(value)
		if value != "" && (err != nil || n < 1) {
			errs = append(errs, fmt.Errorf("%s is %q, and should be a number, 1 or more", name, value))
		}
		return n
	}
	if w := text("WORKLOAD"); w != "" && w != "w4" {
		errs = append(errs, fmt.Errorf("WORKLOAD is %q: there is only w4 yet", w))
	}
	s := settings{
		brokers: text("BROKERS"), partitions: number("PARTITIONS"),
		commit: time.Duration(number("COMMIT_MS")) * time.Millisecond,
		input:  text("INPUT"), output: text("OUTPUT"),
		runID: text("RUN_ID"), stateDir: text("STATE_DIR"), firstFile: text("FIRST_FILE"),
	}
	return s, oneLine(errs)
}

// oneLine joins errors in a line.
func oneLine(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.ReplaceAll(errors.Join(errs...).Error(), "\n", "; "))
}

// flags are the settings as the command line has them.
func (s settings) flags() []string {
	return []string{
		"run",
		"-kafka", s.brokers,
		"-data", s.stateDir,
		"-partitions", strconv.Itoa(s.partitions),
		"-commit-interval", s.commit.String(),
	}
}
