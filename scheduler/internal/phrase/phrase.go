// Package phrase has the parts of sentences that plans, drawings and verdicts
// share.
package phrase

import (
	"fmt"
	"strings"
)

// Count writes a number with what it counts: 1 task, 2 tasks.
func Count[N int | int32](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// List enumerates names: a, b and c.
func List(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
