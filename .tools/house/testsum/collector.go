package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// An event is a line of go test -json (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // in build events
	Test       string
	Output     string
}

// A test is a test that has started.
type test struct {
	name   string
	parent bool   // it has subtests, which are counted instead of it
	result string // pass, fail or skip; empty while it runs
	output strings.Builder
}

// A pkg is a package whose tests are running.
type pkg struct {
	tests  map[string]*test
	order  []*test
	output strings.Builder // output outside of tests
}

// A collector assembles the events of each package into tests.
type collector struct {
	out   io.Writer
	label string
	total *summary
	pkgs  map[string]*pkg
}

func newCollector(out io.Writer, label string, total *summary) *collector {
	return &collector{out: out, label: label, total: total, pkgs: map[string]*pkg{}}
}

func (c *collector) add(e event) {
	if strings.HasPrefix(e.Action, "build-") {
		fmt.Fprint(c.out, e.Output)
		return
	}
	p := c.pkgs[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*test{}}
		c.pkgs[e.Package] = p
	}
	if e.Test != "" {
		p.test(e.Test).add(e)
		return
	}
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		c.endPackage(e.Package, p, e.Action)
	}
}

// test returns the test with a name, and marks its parents.
func (p *pkg) test(name string) *test {
	t := p.tests[name]
	if t != nil {
		return t
	}
	t = &test{name: name}
	p.tests[name] = t
	p.order = append(p.order, t)
	for i := range name {
		if parent := p.tests[name[:i]]; name[i] == '/' && parent != nil {
			parent.parent = true
		}
	}
	return t
}

func (t *test) add(e event) {
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.result = e.Action
	}
}

// endPackage counts a package's tests and prints its output: one line if it passed.
func (c *collector) endPackage(name string, p *pkg, result string) {
	delete(c.pkgs, name)
	failed := c.count(name, p)
	if result == "fail" && failed == 0 {
		// It didn't compile, or its TestMain failed.
		c.total.failed++
		c.total.failures = append(c.total.failures, c.label+": "+name)
	}
	for line := range strings.Lines(p.output.String()) {
		if result == "fail" || strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") {
			fmt.Fprint(c.out, line)
		}
	}
}

// count adds a package's tests to the total, prints the output of failed tests, and
// returns their number.
func (c *collector) count(name string, p *pkg) int {
	failed := 0
	for _, t := range p.order {
		if t.result == "" {
			t.result = "fail" // the process died while it was running
		}
		if t.result == "fail" {
			fmt.Fprint(c.out, t.output.String())
		}
		switch {
		case t.result == "fail" && !p.failedBelow(t):
			failed++
			c.total.failed++
			c.total.failures = append(c.total.failures, c.label+": "+name+" "+t.name)
			c.total.failures = append(c.total.failures, complaints(t.output.String())...)
		case t.parent:
		case t.result == "pass":
			c.total.passed++
		case t.result == "skip":
			c.total.skips = append(c.total.skips, skip{c.label, name, t.name, reason(t.output.String())})
		}
	}
	return failed
}

// failedBelow reports whether a subtest of t has failed.
func (p *pkg) failedBelow(t *test) bool {
	for _, s := range p.order {
		if strings.HasPrefix(s.name, t.name+"/") && (s.result == "fail" || s.result == "") {
			return true
		}
	}
	return false
}

// finish ends the packages that go test hasn't ended.
func (c *collector) finish() {
	for name, p := range c.pkgs {
		c.endPackage(name, p, "fail")
	}
}

// ofTest matches a line that was logged by a test, rather than by the code under test.
var ofTest = regexp.MustCompile(`^\s+\w+_test\.go:\d+: `)

// complaints returns the last lines that a failed test has logged. They have the reason
// of the failure, however much other output there is.
func complaints(output string) []string {
	const most, longest = 4, 300
	var said []string
	for line := range strings.Lines(output) {
		if ofTest.MatchString(line) {
			line = "    " + strings.TrimSpace(line)
			said = append(said, line[:min(len(line), longest)])
		}
	}
	return said[max(0, len(said)-most):]
}

// reason returns the message of a skipped test.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, "; ")
}
