package api

import "github.com/gretestream/grete/api/internal/flow"

// An ErrorPolicy says what happens to a record that can't be processed. The zero
// value is [Fail].
type ErrorPolicy struct{ policy flow.Policy }

// Fail stops the job, with a message that names topic, partition, offset and
// operator. Nothing is lost: the next start comes to the same record again.
func Fail() ErrorPolicy { return ErrorPolicy{flow.Fail} }

// Skip leaves the record out, with everything that it has changed and sent, and
// counts it.
func Skip() ErrorPolicy { return ErrorPolicy{flow.Skip} }

func lastPolicy(policies []ErrorPolicy) flow.Policy {
	last := Fail()
	for _, p := range policies {
		last = p
	}
	return last.policy
}
