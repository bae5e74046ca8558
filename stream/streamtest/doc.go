// Package streamtest is the conformance suite of streaming layers: what package
// stream says of a [stream.System], as tests. The systems of this repository pass
// it, and one that is written elsewhere can run it too:
//
//	func TestConformance(t *testing.T) {
//		streamtest.Run(t, func(t *testing.T) stream.System { return mine.New() })
//	}
//
// [Run] asks for what holds of every system, Kafka included: offsets may have
// holes, and what is committed may take a moment to be seen. [RunInstant] asks
// besides for what systems within one process can promise, and
// [RunPersistent] for what those keep that write to a disk.
//
// It stands beside the record's way: nothing but tests imports it.
package streamtest
