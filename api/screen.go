package api

import (
	"io"
	"sync"
)

// A screen is a terminal with a line at its foot that changes in place. What else
// is written to the terminal goes through it, so that the line stays below.
type screen struct {
	mu       sync.Mutex
	terminal io.Writer // nil: nobody looks
	line     string
}

const clearLine = "\r\x1b[K"

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

// above is a writer to the same terminal whose text stays above the line.
func (s *screen) above(w io.Writer) io.Writer {
	if s.terminal == nil {
		return w
	}
	return aboveLine{s, w}
}

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
