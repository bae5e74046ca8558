// Package shape describes the stored form of Go types as plain data: what the
// JSON of a value looks like, with names and kinds. Plans carry the shapes of
// all types that are stored, sent through a topic, or written to an output, so
// that two versions of a program can be compared field by field.
//
// A shape depends on the JSON names and kinds, and not on the names of Go types
// and packages: those are for display. Only an opaque type, whose own methods
// write its form, is known by its name.
package shape
