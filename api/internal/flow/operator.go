package flow

// An Operator runs one node in one task. It belongs to the container's goroutine.
// It takes records through the functions that it has given to [Take], and shows
// with the interfaces below what else it does. Whatever it sends and changes
// belongs to the next commit, and is undone if that fails: the operator is then
// closed, and built again on the state of the commit before.
//
// Methods that return more have done a bounded piece of work, and are called
// again, after a commit if one is due.
type Operator any

// An EventTimer acts when event time gets to a point. See [Builder.EventTime].
type EventTimer interface {
	// Due is the lowest watermark, in ms since 1970, at which Advance has something
	// to do; [loop.IdleTime] if there is nothing to wait for.
	Due() int64
	// Advance does what the watermark has made due.
	Advance() (more bool, err error)
}

// An Ender acts when all inputs of a bounded run have ended: windows close.
type Ender interface {
	// End does what is due then. It moves no watermark, and is called until there
	// is no more.
	End() (more bool, err error)
}

// A Delayer sends records whose event time is behind the watermark of its inputs.
// An operator that isn't one passes that watermark on.
type Delayer interface {
	// Watermark is the event time below which nothing more will be sent, in ms since
	// 1970; [loop.IdleTime] if no input holds it back. See [EventTime.Behind].
	Watermark() int64
}

// A ClockTimer acts when the container's clock gets to a point. The clock isn't
// event time: results depend on when the job runs.
type ClockTimer interface {
	// ClockDue is the earliest time, in ms since 1970, at which Tick has something
	// to do; [loop.IdleTime] if there is nothing to wait for.
	ClockDue() int64
	// Tick does what has become due by now.
	Tick(now int64) (more bool, err error)
}

// An Async has calls in flight, in goroutines of its own, or something to deliver.
// Its inputs in flight are part of its state: a [Flusher] writes them. With too many
// it pauses the task ([loop.Task.Pause]).
type Async interface {
	// Resume takes in what has returned. It is called after [loop.Task.Wake],
	// which the goroutines call.
	Resume() (more bool, err error)
	// Busy reports whether calls are in flight, or something isn't delivered yet. A
	// bounded run, and the operators behind this one, wait for them at its end.
	Busy() bool
}

// A Flusher adds to a commit: partial results, the inputs of calls in flight, the
// batch of an outbox.
type Flusher interface {
	BeforeCommit() error
}

// A Deliverer acts on what a commit has made final.
type Deliverer interface {
	AfterCommit() error
}

// An Undoer has something in memory that depends on its input, besides Task.State: when the
// next entry expires, for example. A record that fails is taken back, as if it had never
// come. State, outputs, counters and pauses need nothing of the operator.
type Undoer interface {
	// Mark saves what the operator has in memory. It may be called for each record.
	Mark()
	// Rewind restores what Mark has saved. The state is what it was then.
	Rewind()
}

// A Closer ends what it has started, such as goroutines, and waits for it.
type Closer interface {
	Close() error
}
