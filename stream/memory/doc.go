// Package memory is a [stream.System] in memory, for tests: simple and
// deterministic.
//
// It is stricter than other systems: it overwrites the memory of a chunk at its
// Release, so that tests find code that keeps references. It can also imitate a
// system behind a network, see [System.Remote].
package memory
