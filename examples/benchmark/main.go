// Benchmark is Grete's program in comparisons of stream processors. Each program runs the same
// workload over the same topics, configured by the same environment variables; see [settings].
// It has the flags of every Grete program, such as -at-least-once, which win over the
// variables.
//
// So far it has one workload, w4, which measures how fast state is restored from the changelog.
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

// pipeline returns the pipeline of the workload.
func (s settings) pipeline() *api.App {
	return entries(s.runID, s.input, s.output, newMark(s.firstFile).set)
}

// lookUp is the value of a record that looks up the entry of its key. No entry begins with it.
const lookUp = "?"

// entries is the workload w4. A record either puts an entry into a store under its key, or
// looks up the entry of its key, which is then written to the output. After a loss of the
// local state, all of it must be restored before the first answer.
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

// putOrGet returns the entry of a key after a record. After a look-up the entry begins with
// lookUp, until it is put again.
func putOrGet(entry, value string) string {
	if value != lookUp {
		return value
	}
	return lookUp + answered(entry)
}

func isAnswer(entry string) bool { return strings.HasPrefix(entry, lookUp) }

func answered(entry string) string { return strings.TrimPrefix(entry, lookUp) }

// A mark is a file that is created once, to show that the first record is being processed.
type mark struct {
	once sync.Once
	file string
}

func newMark(file string) *mark { return &mark{file: file} }

// set creates the file. It is safe for concurrent use.
func (m *mark) set() {
	m.once.Do(func() {
		if err := os.WriteFile(m.file, nil, 0o644); err != nil {
			slog.Warn("can't mark the first record", "error", err)
		}
	})
}

// settings are the values of the environment variables.
type settings struct {
	brokers    string // BROKERS: HOST:PORT,…
	partitions int    // PARTITIONS: of the topics that the job creates
	commit     time.Duration
	input      string // INPUT: a topic
	output     string // OUTPUT: a topic
	runID      string // RUN_ID: the app's name, which all of its topics and groups begin with
	stateDir   string // STATE_DIR
	firstFile  string // FIRST_FILE: created when the first record is processed
}

// readSettings reads the variables. The error lists everything that is wrong with them.
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
		errs = append(errs, fmt.Errorf("WORKLOAD is %q, but the only workload is w4", w))
	}
	s := settings{
		brokers: text("BROKERS"), partitions: number("PARTITIONS"),
		commit: time.Duration(number("COMMIT_MS")) * time.Millisecond,
		input:  text("INPUT"), output: text("OUTPUT"),
		runID: text("RUN_ID"), stateDir: text("STATE_DIR"), firstFile: text("FIRST_FILE"),
	}
	return s, oneLine(errs)
}

// oneLine joins errors in one line.
func oneLine(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.ReplaceAll(errors.Join(errs...).Error(), "\n", "; "))
}

// flags returns the settings as flags of the command line.
func (s settings) flags() []string {
	return []string{
		"run",
		"-kafka", s.brokers,
		"-data", s.stateDir,
		"-partitions", strconv.Itoa(s.partitions),
		"-commit-interval", s.commit.String(),
	}
}
