// Package group joins a Kafka group: a [Membership] drives a member, which is a state machine
// without I/O. It uses the consumers' protocol, with assignments of its own.
package group
