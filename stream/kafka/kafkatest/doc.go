// Package kafkatest starts real Kafka brokers for tests, and breaks them.
//
//	func TestReadsAll(t *testing.T) {
//		c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
//		// … c.Bootstrap() …
//		c.Broker(2).Kill(t)
//	}
//
// The brokers are processes of their own with a free port on loopback and a
// directory that is removed; they end with the test, also when the test is
// killed. Their settings are Kafka's defaults, retention included, but for what
// makes a start and a failover quick. Tests that don't break anything share one
// cluster: [Shared].
//
// Brokers are stopped, killed, paused and started again, and leaderships are moved
// ([Cluster]); the network before a broker is slow or cut ([Proxy]); clients need
// users, certificates and permissions ([Options]). What another client makes of the
// same records, and at what cost, is known by [Cluster.Franz],
// [Cluster.JavaProduce] and [JavaBench]. [Fake] is another implementation of the
// protocol, which needs nothing.
//
// The jars come from Maven Central once for each user of a machine. Where a JDK or
// Maven is missing, or Maven Central can't be reached, tests are skipped with the
// reason; with CI set in the environment they fail. Tests that start brokers
// carry the build tag real.
//
//   - GRETE_TEST_KAFKA=host:port,… is a running cluster for [Shared] to use
//     instead.
//   - GRETE_TEST_KAFKA_DIR is where the jars are kept, if not in the user's
//     cache directory.
//
// It stands beside the record's way: nothing but tests imports it. What it knows
// of Kafka's protocol is another client's, franz-go, so that it can't share a
// mistake with what is tested.
package kafkatest
