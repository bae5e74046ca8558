package api

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	commandline "github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/serde"
)

// An App is a pipeline that is being recorded, and then run.
type App struct {
	name     string
	nodes    []*node
	mistakes []error
	samples  []commandline.Sample // inputs that can make records of their own
	serdes   serde.Registry
}

// New begins the pipeline of an application. Its name is part of the names of
// its topics, stores and consumer groups: letters, digits, '.', '_' and '-'.
func New(name string, opts ...Option) *App {
	a := &App{name: name}
	for _, o := range opts {
		o.apply(a)
	}
	if err := scheduler.ValidName(name); err != nil {
		a.mistake("", fmt.Errorf("application %q: %w", name, err))
	}
	return a
}

// Graph returns the pipeline as data, or every mistake in it, each with the file
// and line of the call.
func (a *App) Graph() (scheduler.Graph, error) {
	errs := append([]error{}, a.mistakes...)
	if len(a.nodes) == 0 {
		errs = append(errs, errors.New("the pipeline is empty: begin with From"))
	}
	return a.recorded(), errors.Join(errs...)
}

// recorded is the pipeline so far, mistakes and all.
func (a *App) recorded() scheduler.Graph {
	g := scheduler.Graph{App: a.name}
	for _, n := range a.nodes {
		g.Nodes = append(g.Nodes, n.Node)
	}
	return g
}

// mistake remembers what the user got wrong, at a place of the user's code.
func (a *App) mistake(at string, err error) {
	if at != "" {
		err = fmt.Errorf("%s: %w", at, err)
	}
	a.mistakes = append(a.mistakes, err)
}

// A node is an operator: plain data for the plan, and the functions that make it
// run. The types of those are erased here, and asserted once, when a task is
// built.
type node struct {
	scheduler.Node
	// attach returns the operator's push[In], given the push[Out] of what comes
	// after it; of an output there is nothing after it, and down is nil.
	attach func(b *builder, down any) (any, error)
	// source returns the container.Source of an input or repartition, given the
	// push[Out] of what comes after it.
	source func(b *builder, down any) (source, error)
	// fan turns several push[Out] into one.
	fan func(downs []any) any
}

// record adds a node whose records are of type R.
func record[R any](a *App, n node) int {
	n.ID = len(a.nodes)
	n.fan = fan[R]
	if n.At == "" {
		n.At = caller()
	}
	a.nodes = append(a.nodes, &n)
	return n.ID
}

// named checks the name of an operator that has state, a topic, or can fail.
func (a *App) named(name, what string) {
	if err := scheduler.ValidName(name); err != nil {
		a.mistake(caller(), fmt.Errorf("%s %q: %w", what, name, err))
		return
	}
	for _, n := range a.nodes {
		if n.Name == name {
			a.mistake(caller(), fmt.Errorf("%s %q: the name is taken by the %s at %s", what, name, n.Kind, n.At))
			return
		}
	}
}

// caller is the file and line of the user's call: the first frame outside this
// package.
func caller() string {
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/gretestream/grete/api.") || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", shortFile(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// shortFile keeps the last folder of a path: enough to find the place, and the
// same on every machine.
func shortFile(path string) string {
	parts := strings.Split(path, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}
