// Testsum runs go test, one or more times, and says at the end what a person
// wants to know: how many tests passed, how many failed, and what was skipped
// and why.
//
//	testsum [-allow FILE] [+]LABEL=COMMAND...
//
// Each COMMAND is run by sh and should be a "go test -json". Of a package that
// passes one line is shown; of one that fails, the output of its failing tests.
// A "go test" without -json, which shares its cached results with the bare command, is
// shown as it is: its failed packages are counted, and its skips aren't seen.
// A command whose label begins with + is run beside the one before it: those who
// use one core only, or wait a lot, share the machine. What it prints is shown when
// those before it have ended.
//
// A skipped test is a promise that isn't kept. So with CI set a skip fails the
// run, unless FILE allows it: a line "PACKAGE TEST REASON" for each, with the
// package's path as it ends.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	allowFile := flag.String("allow", "", "the file that lists the skips which may happen")
	flag.Parse()
	ok, err := run(os.Stdout, *allowFile, os.Getenv("CI") != "", flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run tells whether everything passed.
func run(out io.Writer, allowFile string, ci bool, commands []string) (bool, error) {
	allowed, err := readAllowed(allowFile)
	if err != nil {
		return false, err
	}
	if len(commands) == 0 {
		return false, errors.New("nothing to run: give LABEL=COMMAND")
	}
	groups, err := grouped(commands)
	if err != nil {
		return false, err
	}
	var total summary
	ok := true
	for _, g := range groups {
		passed, err := g.run(out, &total)
		if err != nil {
			return false, err
		}
		ok = ok && passed
	}
	unexpected := total.report(out, allowed)
	return ok && total.failed == 0 && (!ci || unexpected == 0), nil
}

// run runs a command and tells whether it ended well.
func (c command) run(out io.Writer, total *summary) (bool, error) {
	fmt.Fprintf(out, "== %s: %s\n", c.label, c.text)
	start := time.Now()
	cmd := exec.Command("sh", "-c", c.text)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start %q: %w", c.text, err)
	}
	tests := newCollector(out, c.label, total)
	if err := tests.read(stdout); err != nil {
		return false, errors.Join(err, cmd.Wait())
	}
	tests.finish()
	err = cmd.Wait()
	fmt.Fprintf(out, "== %s: %.0f s\n", c.label, time.Since(start).Seconds())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		fmt.Fprintf(out, "%s: %s\n", c.label, exit)
		return false, nil
	}
	return err == nil, err
}

// plain shows a line that is no event, and counts it if it says that a package failed.
func (c *collector) plain(line string) {
	fmt.Fprint(c.out, line)
	if f := strings.Fields(line); strings.HasPrefix(line, "FAIL\t") && len(f) > 1 {
		c.total.failed++
		c.total.failures = append(c.total.failures, c.label+": "+f[1])
	}
}

// read takes in the events of one go test. What isn't an event, it shows.
func (c *collector) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				c.add(e)
			} else {
				c.plain(line)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
	}
}
