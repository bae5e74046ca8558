// Package fetch consumes partitions. A [Consumer] has a cursor for each partition, and for
// each broker a fetcher with two fetch sessions. Blocks of batches arrive in the buffers of a
// bounded pool while the caller processes the ones before, and are decoded in Poll.
package fetch
