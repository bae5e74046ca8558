// Package apitest tests pipelines without a broker and without waiting: a whole
// job, all its stages, runs in the test's goroutine on a log in memory.
//
//	t := apitest.New(t, app)
//	t.Send("page-views", PageView{User: "ann", At: noon})
//	t.Advance(time.Minute)
//	t.Expect("views-per-user", api.Pane[string, int64]{…})
//
// Records are sent to inputs, event time is moved by hand, and what has come to an
// output is compared. [Test.Crash] throws away whatever isn't committed, as a
// kill would; the job goes on from its last commit.
package apitest
