// Package group takes part in a Kafka group: a [Membership] drives a member, which is a state
// machine without I/O, and speaks the consumers' protocol with its own assignments in it.
package group
