// Package systemtest holds the tests of whole programs: each folder builds one of the
// programs in examples, as a user would, and runs it as processes of their own, on a real
// Kafka broker and on a real Nomad cluster, while processes are killed, disks are full and
// nodes are lost. Every result must be there once, and right.
//
// Package program is what they share: it builds and runs programs, writes to topics, and
// breaks things.
package systemtest
