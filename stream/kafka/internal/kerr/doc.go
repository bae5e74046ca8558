// Package kerr has the errors of a Kafka cluster: the codes in its answers, brokers that
// can't be reached, and refusals that name what to change. It decides which errors pass.
package kerr
