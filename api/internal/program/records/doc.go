// Package records reads topics beside the pipeline: to print them, to look at their
// last records, and to read what a program has recorded in one.
package records
