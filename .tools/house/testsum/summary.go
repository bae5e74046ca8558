package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// A summary has the results of all commands.
type summary struct {
	passed, failed int
	failures       []string
	skips          []skip
}

// A skip is a skipped test with its reason.
type skip struct {
	label, pkg, test, reason string
}

// An allowance allows a test to be skipped.
type allowance struct {
	pkg, test, reason string
}

func (a allowance) allows(s skip) bool {
	return (s.pkg == a.pkg || strings.HasSuffix(s.pkg, "/"+a.pkg)) && s.test == a.test
}

// add adds another summary.
func (s *summary) add(o summary) {
	s.passed += o.passed
	s.failed += o.failed
	s.failures = append(s.failures, o.failures...)
	s.skips = append(s.skips, o.skips...)
}

// report prints the summary and returns the number of skips that aren't allowed.
func (s *summary) report(out io.Writer, allowed []allowance) int {
	unexpected := 0
	if len(s.skips) > 0 {
		fmt.Fprintln(out, "\nSkipped:")
	}
	for _, k := range s.skips {
		note := "not allowed in CI"
		for _, a := range allowed {
			if a.allows(k) {
				note = "allowed: " + a.reason
			}
		}
		if strings.HasPrefix(note, "not") {
			unexpected++
		}
		fmt.Fprintf(out, "  %s: %s %s: %s (%s)\n", k.label, k.pkg, k.test, k.reason, note)
	}
	if len(s.failures) > 0 {
		fmt.Fprintln(out, "\nFailed:")
	}
	for _, f := range s.failures {
		fmt.Fprintf(out, "  %s\n", f)
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, len(s.skips))
	return unexpected
}

// readAllowed reads the list of allowed skips. Without a name the list is empty.
func readAllowed(name string) ([]allowance, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the allowed skips: %w", err)
	}
	var list []allowance
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 3 {
			return nil, fmt.Errorf("%s: %q is not PACKAGE TEST REASON", name, line)
		}
		list = append(list, allowance{f[0], f[1], strings.Join(f[2:], " ")})
	}
	return list, nil
}
