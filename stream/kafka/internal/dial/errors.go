package dial

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A connectError says why an address is unreachable.
type connectError struct {
	address string
	err     error
}

func (e *connectError) Error() string { return fmt.Sprintf("connect to %s: %v", e.address, e.err) }
func (e *connectError) Unwrap() error { return e.err }

// connectErrors are those of all addresses. Together they are a refusal only if each of
// them is: else waiting may help.
type connectErrors []error

func (e connectErrors) Error() string {
	all := make([]string, len(e))
	for i, err := range e {
		all[i] = err.Error()
	}
	return strings.Join(all, "; ")
}

// Unwrap leaves out refusals if there are other errors.
func (e connectErrors) Unwrap() []error {
	var temporary []error
	for _, err := range e {
		if !kerr.IsRefusal(err) {
			temporary = append(temporary, err)
		}
	}
	if temporary == nil {
		return e
	}
	return temporary
}
