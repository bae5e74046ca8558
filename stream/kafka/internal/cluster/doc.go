// Package cluster routes requests: a [Client] knows the brokers of a cluster, the leaders of
// its partitions and the coordinators of its groups and transactions, sends each request to
// the broker that can answer it, and tries again while brokers are unavailable.
package cluster
