package run

import (
	"io"
	"sync"

	"github.com/gretestream/grete/api/internal/program"
)

// A screen is a terminal whose last line changes in place. Everything else that is
// written to the terminal goes through the screen, so that the line stays last.
type screen struct {
	mu       sync.Mutex
	terminal io.Writer // nil: nobody is looking
	line     string
}

const clearLine = "\r\x1b[K"

// on returns a console that prints above the line, if its standard error is a terminal.
func (s *screen) on(c program.Console) program.Console {
	if !c.ErrIsTerminal {
		return c
	}
	s.terminal = c.Err
	c.Err = aboveLine{s, c.Err}
	if c.OutIsTerminal {
		c.Out = aboveLine{s, c.Out}
	}
	return c
}

// show replaces the line.
func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.terminal == nil {
		return
	}
	s.line = line
	_, _ = io.WriteString(s.terminal, clearLine+line)
}

// An aboveLine writes above the line of a screen.
type aboveLine struct {
	screen *screen
	out    io.Writer
}

func (a aboveLine) Write(p []byte) (int, error) {
	a.screen.mu.Lock()
	defer a.screen.mu.Unlock()
	_, _ = io.WriteString(a.screen.terminal, clearLine)
	n, err := a.out.Write(p)
	_, _ = io.WriteString(a.screen.terminal, a.screen.line)
	return n, err
}
