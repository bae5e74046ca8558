package feed

import (
	"bytes"
	"encoding/json"
)

// trimLine removes the end of line.
func trimLine(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// blank reports whether a line has nothing but white space.
func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// complete reports whether the end of a source, which may have no line end, is a whole line.
// A writer may be in the middle of it, unless nothing more can come, or it is a whole JSON
// object or array.
func (f Feed) complete(src *source, rest []byte) bool {
	if src.final || f.Forgotten || blank(rest) {
		return true
	}
	start := bytes.TrimSpace(rest)[0]
	return (start == '{' || start == '[') && json.Valid(rest)
}
