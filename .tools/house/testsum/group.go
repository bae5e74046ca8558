package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// A command is a go test with a label.
type command struct{ label, text string }

// A group is a list of commands that run concurrently.
type group []command

// grouped parses the arguments into groups.
func grouped(args []string) ([]group, error) {
	var groups []group
	for _, arg := range args {
		label, text, found := strings.Cut(arg, "=")
		if !found {
			return nil, fmt.Errorf("%q is not LABEL=COMMAND", arg)
		}
		label, beside := strings.CutPrefix(label, "+")
		if !beside || len(groups) == 0 {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, command{label, text})
	}
	return groups, nil
}

// run runs the commands and reports whether all succeeded.
func (g group) run(out io.Writer, total *summary) (bool, error) {
	results := make([]result, len(g)-1)
	var running sync.WaitGroup
	for i := range results {
		running.Go(func() { results[i].of(g[i+1]) })
	}
	ok, err := g[0].run(out, total)
	running.Wait()
	errs := []error{err}
	for i := range results {
		r := &results[i]
		_, err := r.out.WriteTo(out)
		errs = append(errs, r.err, err)
		total.add(r.total)
		ok = ok && r.ok
	}
	return ok, errors.Join(errs...)
}

// A result is the result of a command after the first of a group.
type result struct {
	out   bytes.Buffer
	total summary
	ok    bool
	err   error
}

func (r *result) of(c command) { r.ok, r.err = c.run(&r.out, &r.total) }
