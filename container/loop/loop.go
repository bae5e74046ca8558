package loop

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Config is what a loop works for, and with. All functions must be set.
type Config struct {
	Stage *scheduler.Stage
	// Run is the id of a bounded run; 0 for a run without end.
	Run int64
	// IdleTimeout is after how long an input that is read to its end holds no watermark back.
	IdleTimeout time.Duration
	// Skip has the records to leave out, because they have failed after they had changed
	// something.
	Skip map[Place]*RecordError
	// SkipFirings has the firings to leave out for the same reason. The loop removes those
	// that are done with.
	SkipFirings map[FiringID]*FiringError
	// Careful is how many records to process carefully; see careful.go.
	Careful int64

	// Resources are for the operators; see [Program.Open].
	Resources Resources

	Now    func() time.Time
	Go     func(f func()) // runs f concurrently
	Logger *slog.Logger
	// Elsewhere returns where an input of the stage continues whose next record is gone.
	Elsewhere func(input int, e *stream.OffsetOutOfRangeError) (int64, error)
	// Full reports that no more records fit into memory before a commit or an eviction.
	Full func() bool
	// Interrupted is set when the loop is to stop after the record that it is at; nil: it
	// never is. It is read for each record.
	Interrupted *atomic.Bool
	// Skipped is told about each skipped record.
	Skipped func(Skip)
}

// A Loop takes records from the consumer through the operators of the running tasks. It
// belongs to the goroutine of its container.
type Loop struct {
	// Inputs are the partitions that the tasks read.
	Inputs Inputs
	// Tasks are those that run, by id.
	Tasks Tasks

	cfg   Config
	now   int64         // of the current step, in ms since 1970
	woken chan struct{} // gets a token when an operator has something to take in

	careful     int64      // records that are still to be processed carefully
	uncommitted int64      // records since the last commit
	left        []FiringID // that were left out since then
}

// New makes a loop without tasks. [Loop.Start] comes next.
func New(cfg Config) *Loop {
	l := &Loop{cfg: cfg, woken: make(chan struct{}, 1), careful: cfg.Careful}
	l.Inputs.cfg, l.Inputs.cursors = &l.cfg, make(map[stream.TopicPartition]*cursor)
	return l
}

// Start gives the loop the consumer of its inputs, which the loop doesn't close.
func (l *Loop) Start(consumer *generate.Consumer) {
	l.Inputs.consumer = consumer
	l.SetNow(l.cfg.Now())
}

// SetNow sets the loop's clock, which stands still during a step.
func (l *Loop) SetNow(now time.Time) { l.now = now.UnixMilli() }

// Now is the loop's clock, in ms since 1970.
func (l *Loop) Now() int64 { return l.now }

// Wake makes the loop's container take its next step soon. It is safe for concurrent use.
func (l *Loop) Wake() {
	select {
	case l.woken <- struct{}{}:
	default: // it has a token
	}
}

// Woken gets a token when an operator has something to take in.
func (l *Loop) Woken() <-chan struct{} { return l.woken }

// Poll takes in the chunks that have arrived.
func (l *Loop) Poll() error {
	chunks, err := l.Inputs.poll()
	if unreadable := (*stream.UnreadableError)(nil); errors.As(err, &unreadable) {
		err = l.unreadable(unreadable)
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	for _, chunk := range chunks {
		if c := l.Inputs.cursors[chunk.TopicPartition]; c != nil {
			if err := l.takeIn(c, chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeIn takes in a chunk, for all tasks that read the partition.
func (l *Loop) takeIn(c *cursor, chunk stream.Chunk) error {
	l.Inputs.share(c, chunk)
	for _, p := range c.readers {
		if !p.out {
			continue
		}
		if err := l.load(p); err != nil {
			return err
		}
		l.Inputs.arrange(p)
	}
	return nil
}

// stepRecords bounds the records of one step, so that commits come in time.
const stepRecords = 8192

// Work processes some of the records that have arrived, and what has become due. It returns
// the number of records, and whether there is more to do.
func (l *Loop) Work() (n int, pending bool, err error) {
	returning, err := l.resume()
	if err != nil {
		return 0, false, err
	}
	if n, err = l.process(stepRecords); err != nil {
		return 0, false, err
	}
	l.Inputs.endAtBounds()
	now := l.cfg.Now()
	l.Inputs.checkIdle(now)
	l.Inputs.checkAwaited(l.Tasks, now)
	advancing, err := l.advance()
	if err != nil {
		return 0, false, err
	}
	ticking, err := l.tick()
	return n, returning || advancing || ticking, err
}

func (l *Loop) interrupted() bool { return l.cfg.Interrupted != nil && l.cfg.Interrupted.Load() }

// process pushes up to limit records down their tasks, and returns how many.
func (l *Loop) process(limit int) (int, error) {
	total := 0
	for total < limit {
		p, until := l.Inputs.chooser.choose()
		if p == nil {
			break
		}
		n, err := l.run(p, until)
		l.processed(n)
		if err != nil {
			return total, err
		}
		total += n
		p.task.keepBack()
		if l.cfg.Full() || l.interrupted() {
			break
		}
	}
	return total, nil
}

// advance goes on with what is pending, does what control messages and idle
// inputs have made due, and closes what is open when all inputs have ended.
// It reports whether there is more to do.
func (l *Loop) advance() (bool, error) {
	more := false
	for _, t := range l.Tasks {
		switch {
		case t.Ended:
			continue
		case t.inputsEnded():
			if err := t.act(t.Logic.End); err != nil {
				return false, err
			}
			t.Ended = !t.pending && !t.Logic.Busy()
			t.Moved = true
		case t.pending:
			if err := t.act(t.Logic.Advance); err != nil {
				return false, err
			}
		default:
			if err := t.fire(); err != nil {
				return false, err
			}
		}
		more = more || t.pending
	}
	return more, nil
}

// Detach stops reading the inputs of tasks, and drops the tasks.
func (l *Loop) Detach(gone func(task int32) bool) {
	l.Inputs.detach(gone)
	l.Tasks = slices.DeleteFunc(slices.Clone(l.Tasks), func(t *Running) bool { return gone(t.ID) })
}

// poll takes in what the consumer has read.
func (in *Inputs) poll() ([]stream.Chunk, error) {
	chunks, err := in.consumer.Poll()
	if outside := (*stream.OffsetOutOfRangeError)(nil); errors.As(err, &outside) {
		err = in.outOfRange(outside)
	}
	return chunks, err
}
