// Package op has the operators of the language, one file each: what an operator
// records for the plan, and what runs it in a task. Package api declares the
// methods that users call, and hands their types and functions over.
package op
