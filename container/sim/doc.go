// Package sim runs whole jobs, in one goroutine at a time, in a world where
// everything goes wrong that a seed decides: requests are lost, late and repeated,
// brokers die and stand still, containers are killed between any two steps, are
// paused while a copy takes over, and lose what their disks haven't flushed. In the
// end every result must be there once.
//
// The containers are those of package container, over the client of package
// stream/kafka, over the brokers of stream/kafka/kafkasim: all but sockets and
// the disk is the code that runs in production. Threads of that code are
// coroutines (thread.go), which the world (world.go) lets run one at a time, until
// they wait: the same seed is the same run.
package sim
