package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the values of the environment variables.
type settings struct {
	workload   string // WORKLOAD: w1, w2, w3 or w4
	brokers    string // BROKERS: HOST:PORT,…
	partitions int    // PARTITIONS: of the topics that the job creates
	commit     time.Duration
	input      string // INPUT: a topic
	table      string // TABLE: a topic; only w3 has it
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
	s := settings{
		workload: text("WORKLOAD"),
		brokers:  text("BROKERS"), partitions: number("PARTITIONS"),
		commit: time.Duration(number("COMMIT_MS")) * time.Millisecond,
		input:  text("INPUT"), table: variable("TABLE"), output: text("OUTPUT"),
		runID: text("RUN_ID"), stateDir: text("STATE_DIR"), firstFile: text("FIRST_FILE"),
	}
	if s.workload != "" && workloads()[s.workload] == nil {
		errs = append(errs, fmt.Errorf("WORKLOAD is %q, and should be one of %s", s.workload, strings.Join(slices.Sorted(maps.Keys(workloads())), ", ")))
	}
	if s.workload == "w3" && s.table == "" {
		errs = append(errs, errors.New("the environment variable TABLE is not set"))
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
