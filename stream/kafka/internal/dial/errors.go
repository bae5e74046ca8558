package dial

import (
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A connectError tells why there is no connection to an address.
type connectError struct {
	address string
	err     error
}

func (e *connectError) Error() string { return fmt.Sprintf("connect to %s: %v", e.address, e.err) }
func (e *connectError) Unwrap() error { return e.err }

// connectErrors are of all addresses. They are a refusal only if each of them is:
// else waiting may help.
type connectErrors []error

func (e connectErrors) Error() string {
	all := make([]string, len(e))
	for i, err := range e {
		all[i] = err.Error()
	}
	return strings.Join(all, "; ")
}

// Unwrap leaves refusals out if there are others.
func (e connectErrors) Unwrap() []error {
	var hopeful []error
	for _, err := range e {
		if !kerr.IsRefusal(err) {
			hopeful = append(hopeful, err)
		}
	}
	if hopeful == nil {
		return e
	}
	return hopeful
}
