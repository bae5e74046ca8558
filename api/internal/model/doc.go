// Package model compares the pipelines of package api with a naive reference.
//
// A [Program] is a small pipeline in which all streams have records of one type. It
// can be built on an [api.App], and it can be interpreted: over all records at once, in
// memory, by loops over slices that know nothing of partitions, stores, watermarks or
// commits. The tests run random programs over random records, with random partitions,
// containers, crashes and restarts, and compare both.
//
// Each operator is a file with its two halves: how it is built, and what it means. The
// records of a stream have different IDs, so a record that is lost or doubled shows up
// as a difference of two sets.
package model
