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
	ImportPath string // of what is built, in build events
	Test       string
	Output     string
}

// A test is one that has begun.
type test struct {
	name   string
	parent bool   // it has subtests, which are counted in its place
	result string // pass, fail or skip; empty while it runs
	output strings.Builder
}

// A pkg is a package whose tests run.
type pkg struct {
	tests  map[string]*test
	order  []*test
	output strings.Builder // what belongs to no test
}

// A collector makes tests of events, package by package.
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

// test returns the test of that name, and marks those that it is a part of.
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

// endPackage counts a package's tests and shows what is to be seen of it.
func (c *collector) endPackage(name string, p *pkg, result string) {
	delete(c.pkgs, name)
	failed := c.count(name, p)
	if result == "fail" && failed == 0 {
		// It didn't compile, or its TestMain failed: no test to blame.
		c.total.failed++
		c.total.failures = append(c.total.failures, c.label+": "+name)
	}
	for line := range strings.Lines(p.output.String()) {
		if result == "fail" || strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") {
			fmt.Fprint(c.out, line)
		}
	}
}

// count adds a package's tests to the total, shows the output of those that
// failed, and returns how many these are.
func (c *collector) count(name string, p *pkg) int {
	failed := 0
	for _, t := range p.order {
		if t.result == "" {
			t.result = "fail" // the process died under it
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

// failedBelow tells whether a subtest accounts for the failure of t.
func (p *pkg) failedBelow(t *test) bool {
	for _, s := range p.order {
		if strings.HasPrefix(s.name, t.name+"/") && (s.result == "fail" || s.result == "") {
			return true
		}
	}
	return false
}

// finish ends the packages of which go test has told no end.
func (c *collector) finish() {
	for name, p := range c.pkgs {
		c.endPackage(name, p, "fail")
	}
}

// ofTest begins a line that a test has logged itself, rather than what it uses.
var ofTest = regexp.MustCompile(`^\s+\w+_test\.go:\d+: `)

// complaints are the last lines that a failed test logged itself: why it failed is
// among them, however much is shown of what ran beneath it.
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

// reason is what a skipped test wrote.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "it gives no reason"
	}
	return strings.Join(said, "; ")
}
