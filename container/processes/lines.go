package processes

import (
	"bytes"
	"io"
)

// lines passes on what is written to it, one whole line in a write, each behind a
// prefix. It has one writer at a time.
type lines struct {
	out    io.Writer
	prefix string
	rest   []byte // of what was written: a line whose end hasn't come
}

// maxLine is how much is kept of a line at most: a longer one is passed on as several.
const maxLine = 64 << 10

// Write never fails: a process must not end because nobody reads its output.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	passed := 0
	for {
		line := l.rest[passed:]
		end := bytes.IndexByte(line, '\n')
		switch {
		case end >= 0:
			l.pass(line[:end])
			passed += end + 1
		case len(line) >= maxLine:
			l.pass(line[:maxLine])
			passed += maxLine
		default:
			l.rest = append(l.rest[:0], line...)
			return len(p), nil
		}
	}
}

// end passes on what has no end of a line.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.pass(l.rest)
		l.rest = nil
	}
}

func (l *lines) pass(line []byte) {
	b := make([]byte, 0, len(l.prefix)+len(line)+1)
	b = append(append(b, l.prefix...), line...)
	_, _ = l.out.Write(append(b, '\n'))
}
