package api

import (
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/scheduler"
)

// BroadcastInput reads a topic whose records go to all tasks of the stages that use it.
func BroadcastInput[M any](a *App, topic string, opts ...InputOption[M]) Stream[M] {
	node := scheduler.Node{Kind: scheduler.KindInput, Topic: topic, Delivery: scheduler.DeliverBroadcast}
	return Stream[M]{a, op.Input(&a.pipeline, node, inputSpec(opts))}
}
