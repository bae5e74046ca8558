// Package flow is what the operators of a pipeline are recorded in and built from.
//
// On the job's way each call of the user's chain adds a [Node] to a [Pipeline]:
// plain data for the plan, and functions that build the operator when a task
// starts. Types are erased when a node is recorded, and asserted once, when it is
// built. On the record's way a value passes from operator to operator by plain
// function calls ([Push]), without boxing, allocation or look-up.
//
// An operator is a value. What it can do besides taking records it shows by
// implementing capabilities: [EventTimer], [ClockTimer], [Async], and so on.
// CONTRIBUTING.md shows how to add one; package op has them all.
package flow
