// Package apitest tests pipelines without a broker and without waiting: a whole
// job, all its stages, runs in the test's goroutine on a log in memory.
//
//	t := apitest.New(t, app)
//	t.Send("page-views", PageView{User: "ann", At: noon})
//	t.Advance(time.Minute)
//	t.Expect("views-per-user", api.Pane[string, int64]{…})
//
// A test sends records to inputs, advances event time, and compares the records of outputs.
// [Test.Crash] drops all that isn't committed, as a kill does; [Test.Restart] starts the job
// again from its last commit.
package apitest
