// Testsum runs go test one or more times, and prints a summary: how many tests passed
// and failed, and which were skipped, with their reasons.
//
//	testsum [-allow FILE] [+]LABEL=COMMAND...
//
// sh runs each COMMAND, which should be a "go test -json". Testsum prints one line for
// a package that passes, and the output of failing tests. It copies the output of a "go
// test" without -json, which shares cached results with the bare command; it counts the
// failed packages there, and doesn't see skips. A command whose label starts with + runs
// concurrently with the previous one, which saves time if they use one core or wait a
// lot. Its output is printed when the commands before it have ended.
//
// With CI set a skip fails the run, unless FILE allows it. FILE has a line "PACKAGE TEST
// REASON" for each allowed skip, where PACKAGE is the end of the package's path.
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
	allowFile := flag.String("allow", "", "file with the allowed skips")
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

// run runs all commands and reports whether everything passed.
func run(out io.Writer, allowFile string, ci bool, commands []string) (bool, error) {
	allowed, err := readAllowed(allowFile)
	if err != nil {
		return false, err
	}
	if len(commands) == 0 {
		return false, errors.New("no command: add LABEL=COMMAND")
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

// run runs a command and reports whether it succeeded.
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

// plain prints a line that isn't an event, and counts failed packages.
func (c *collector) plain(line string) {
	fmt.Fprint(c.out, line)
	if f := strings.Fields(line); strings.HasPrefix(line, "FAIL\t") && len(f) > 1 {
		c.total.failed++
		c.total.failures = append(c.total.failures, c.label+": "+f[1])
	}
}

// read reads the output of one go test.
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
