package kerr

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gretestream/grete/stream"
)

// An UnreachableError: a broker gave no answer. It isn't known whether it has
// carried the request out.
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

// ErrNoTransactions: brokers must be set up otherwise, or there can be no
// transactions. The error that wraps it says how.
var ErrNoTransactions = errors.New("the cluster isn't set up for transactions")

var ErrNoGroups = errors.New("the cluster isn't set up for groups")

// WithMessage adds what the broker says itself, if it does.
func WithMessage(err error, message string) error {
	if message == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, strings.TrimSuffix(message, "."))
}

// Temporary tells whether to try again. What a caller has cancelled, and what
// was closed, is over.
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

// A refusalError: somebody can be reached, and doesn't want us, or isn't who we
// want. Waiting won't help.
type refusalError struct{ err error }

func (e *refusalError) Error() string { return e.err.Error() }
func (e *refusalError) Unwrap() error { return e.err }

func Refuse(format string, args ...any) error {
	return &refusalError{fmt.Errorf(format, args...)}
}

func IsRefusal(err error) bool {
	var refusal *refusalError
	return errors.As(err, &refusal)
}

// Unanswered tells of an error whether the request may have been carried out.
func Unanswered(err error) bool {
	var away *UnreachableError
	return errors.As(err, &away)
}

var ErrOmitted = errors.New("its answer leaves the partition out")
