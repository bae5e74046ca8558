package api

import (
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
)

// Plan plans the pipeline for a streaming layer with these topics, or returns
// every mistake in it. Executors and test harnesses use it; programs call [App.Main] or
// [App.Run].
func (a *App) Plan(m scheduler.Metadata, o scheduler.Options) (*scheduler.Plan, error) {
	g, err := a.Graph()
	if err != nil {
		return nil, err
	}
	return scheduler.Build(g, m, o)
}

// Program is what makes the operators of the plan's tasks, for executors and test
// harnesses.
func (a *App) Program() container.Program { return program{a.nodes} }
