package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
