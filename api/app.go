package api

import (
	"fmt"

	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/scheduler"
)

// An App is a pipeline that is recorded first, and then run.
type App struct {
	pipeline flow.Pipeline
}

// New starts the pipeline of an application. Its name is part of the names of its
// topics, stores and consumer groups: letters, digits, '.', '_' and '-'.
func New(name string, opts ...Option) *App {
	a := &App{flow.Pipeline{App: name}}
	for _, o := range opts {
		o.apply(a)
	}
	if err := scheduler.ValidName(name); err != nil {
		a.pipeline.MistakeAt("", fmt.Errorf("application %q: %w", name, err))
	}
	return a
}

// An Option is a setting of an app.
type Option struct{ apply func(*App) }
