package kerr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream"
)

// An UnreachableError reports that a broker didn't answer. The request may or may not have
// been carried out.
type UnreachableError struct {
	Where string
	Err   error
}

func (e *UnreachableError) Error() string {
	if e.Where == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Where, e.Err)
}
func (e *UnreachableError) Unwrap() error { return e.Err }

// ErrNoTransactions reports that the brokers' settings rule out transactions. The error
// that wraps it says which setting to change.
var ErrNoTransactions = errors.New("the cluster isn't set up for transactions")

var ErrNoGroups = errors.New("the cluster isn't set up for groups")

// WithMessage adds the broker's own message, if there is one.
func WithMessage(err error, message string) error {
	if message == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.TrimSuffix(message, "."))
}

// Temporary reports whether a retry may succeed. Nothing is retried after the caller has
// canceled it or the link was closed.
func Temporary(err error) bool {
	if errors.Is(err, stream.ErrClosed) || errors.Is(err, context.Canceled) || IsRefusal(err) {
		return false
	}
	if c := Code(0); errors.As(err, &c) {
		return c.Temporary()
	}
	var away *UnreachableError
	return errors.As(err, &away)
}

// A refusalError reports that a server answers but refuses us, or isn't a Kafka broker.
// Waiting won't help.
type refusalError struct{ err error }

func (e *refusalError) Error() string { return e.err.Error() }
func (e *refusalError) Unwrap() error { return e.err }

// Refuse returns an error that is final: a retry won't help.
func Refuse(format string, args ...any) error {
	return &refusalError{fmt.Errorf(format, args...)}
}

// IsRefusal reports whether Refuse made the error.
func IsRefusal(err error) bool {
	var refusal *refusalError
	return errors.As(err, &refusal)
}

// Unanswered reports whether the request may have been carried out in spite of the error.
func Unanswered(err error) bool {
	var away *UnreachableError
	return errors.As(err, &away)
}

// ErrOmitted reports a response that leaves a partition out.
var ErrOmitted = errors.New("its answer leaves the partition out")
