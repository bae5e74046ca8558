// Package feed appends records to input topics: the lines of files and of standard
// input, and the samples that a pipeline has.
package feed
