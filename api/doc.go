// Package api is what users import: a fluent, typed pipeline, and the program
// around it.
//
//	app := api.New("pageviews")
//	app.From[PageView]("page-views").
//		PartitionBy("by-user", func(v PageView) string { return v.User }).
//		Window("per-minute", api.Tumbling(time.Minute)).
//		Count().
//		To("views-per-user")
//	app.Main()
//
// A [Stream] holds records of one type; what keeps state or a topic takes a name,
// which must be unique and stay the same over the versions of a program, since
// topics and stores are called by it. A [KeyedStream] is partitioned by a key:
// only it has windows and tables. Nothing runs while the pipeline is recorded;
// mistakes are collected and reported all together by [App.Main] or [App.Run].
//
// On the record's way the operators of this package run inside a container's
// loop (package container). Each operator has a file, op_….go, with what
// records it in the graph and what runs it. Types are erased once, when a task is
// built: a record passes from function to function with no interface around it.
// On the job's way this package is the front door: it records the graph, has
// package scheduler plan it, and hands the plan to an executor.
package api
