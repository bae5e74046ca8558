// Package cluster turns the flags of a command into what the job runs on: a streaming
// system (Kafka or the embedded log), a state engine, and the plan that the job has
// recorded there.
package cluster
