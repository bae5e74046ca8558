// Package kafkatest starts real Kafka brokers for tests, and breaks them.
//
//	func TestReadsAll(t *testing.T) {
//		c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
//		// … c.Bootstrap() …
//		c.Broker(2).Kill(t)
//	}
//
// The brokers are processes with free ports on loopback and a directory that is removed. They
// end with the test, even if the test is killed. Their settings are Kafka's defaults, retention
// included, except what makes starts and failovers quick. Tests that don't break anything share
// one cluster: [Shared].
//
// Brokers can be stopped, killed, paused and restarted, and leaderships moved ([Cluster]); the
// network in front of a broker can be slow or cut ([Cluster.Proxy]); clients may need users,
// certificates and permissions ([Options]). [Cluster.Franz], [Cluster.JavaProduce] and
// [JavaBench] show what other clients do with the same records, and at what cost. [Fake] is
// another implementation of the protocol, which needs no installation.
//
// The jars come from Maven Central once per user of a machine. Without a JDK or Maven, or when
// Maven Central is unreachable, tests are skipped with the reason; with CI set in the
// environment they fail. Tests that start brokers have the build tag real.
//
//   - GRETE_TEST_KAFKA=host:port,… is a running cluster for [Shared] to use
//     instead.
//   - GRETE_TEST_KAFKA_DIR is where the jars are kept, if not in the user's
//     cache directory.
//
// Only tests import this package. It uses another client's implementation of the protocol,
// franz-go, so that it can't share a mistake with the code under test.
package kafkatest
