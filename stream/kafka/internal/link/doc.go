// Package link is the boundary between the Kafka client and the world: a [Link] has brokers
// that answer requests, and a clock. A simulation puts its own beneath the client.
//
// The package also has what every part of the client needs on top of a link: retries with
// back-off, and a [Lifetime] that ends goroutines together.
package link
