// Package streamtest is the conformance suite for implementations of
// [stream.System]. Systems outside this repository can use it too:
//
//	func TestConformance(t *testing.T) {
//		streamtest.Run(t, func(t *testing.T) stream.System { return mine.New() })
//	}
//
// [Run] tests the contract of every system, including Kafka: offsets may have holes,
// and a commit may become visible with a delay. [RunInstant] adds the guarantees of
// systems within one process, and [RunPersistent] those of systems that write to a
// disk.
package streamtest
