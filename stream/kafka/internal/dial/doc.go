// Package dial connects to real brokers: a [Transport] is a link over the network. It opens
// connections, encrypts them, authenticates, and explains to people why that fails.
package dial
