// Package api is what a Grete program imports: a fluent, typed pipeline over
// streams of records, and the program around it.
//
//	app := api.New("pageviews")
//	app.From[PageView]("page-views").
//		PartitionBy("by-user", func(v PageView) string { return v.User }).
//		Window("per-minute", api.Tumbling(time.Minute)).
//		Count().
//		To("views-per-user")
//	app.Main()
//
// # Streams
//
// A [Stream] is the records of one type at one place of the pipeline. A
// [KeyedStream] is also partitioned by a key: all records of a key meet in one
// task, so it can have windows and tables. [Stream.PartitionBy] makes one of a
// Stream. Nothing runs while the pipeline is recorded. Mistakes are collected,
// and [App.Main] and [App.Run] report all of them, each with its line.
//
// # Names
//
// Operators that keep state, have a topic, or can fail take a name as their first
// argument. It must be unique in the app and stay the same from version to
// version: topics and stores are named after it.
//
// # Functions
//
// The functions of a pipeline are called by one goroutine per task, and by
// several tasks at once: what they share needs a lock. A record is processed
// again after a failure, though its results count once, so functions should have
// no effects of their own. They may keep the values that they are given, except
// the values of tables and windows, which belong to their stores. A panic or an
// error stops the job, or skips the record; see [OnError].
//
// # Time
//
// Windows go by event time: when a record happened, as [EventTime] tells. Without
// it, that is when the record was produced. A window closes when the watermark of
// all partitions has passed its end: no earlier record is expected then, by the
// bound that Disorder sets. Package apitest moves event time by hand.
package api
