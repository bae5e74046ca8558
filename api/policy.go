package api

import "fmt"

type policyKind int

const (
	policyFail policyKind = iota
	policySkip
)

// An ErrorPolicy says what happens to a record that can't be processed. The zero
// value is [Fail].
type ErrorPolicy struct{ kind policyKind }

// Fail stops the job, with a message that names topic, partition, offset and
// operator. Nothing is lost: a new start comes to the same record again.
func Fail() ErrorPolicy { return ErrorPolicy{policyFail} }

// Skip leaves the record out, with everything that it has changed and sent, and
// counts it.
func Skip() ErrorPolicy { return ErrorPolicy{policySkip} }

func topicError(what, topic string, err error) error {
	return fmt.Errorf("%s topic %q: %w", what, topic, err)
}
