package run

import (
	"errors"
	"io"
	"log/slog"
	"slices"

	"github.com/gretestream/grete/api/internal/program"
)

// A session is what surrounds a run.
type session struct {
	console program.Console
	log     *slog.Logger
	screen  *screen
	open    *closers
	notice  *notice
	leave   func() // ends the run for good, as Ctrl-C does
}

// closers are what a run has opened.
type closers []func() error

// add has something closed at the end of the run, before what was added earlier.
func (c *closers) add(opened io.Closer) { *c = append(*c, opened.Close) }

func (c *closers) close() error {
	var errs []error
	for _, f := range slices.Backward(*c) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
