package loop

import (
	"time"

	"github.com/gretestream/grete/container/meta"
	"github.com/gretestream/grete/container/recovery"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A partition is one input partition of a task: the chunk that is being
// processed, its head, and how far event time has come.
type partition struct {
	stream.TopicPartition
	task  *Running
	input int // index in the stage's inputs
	// generator is the name of the generator that the input is; empty: it is a topic.
	generator string
	source    Source
	skips     bool // as [Source.Skips]
	cursor    *cursor

	chunk []stream.Record // what is left of the chunk, its head first
	next  int64           // where the chunk ends
	out   bool            // the chunk is to be released when it is used up

	position int64 // the next offset to process: all before is finished
	head     int64 // event time of the loaded head
	loaded   bool
	loading  bool  // the source decodes the head
	bound    int64 // a bounded run ends here; -1: none
	priority int   // of the input: higher ones are read first
	joined   bool  // the input is joined with others of the task
	table    bool  // a join looks it up as a table
	// bootstrap says that the input is read to bootstrapEnd before the task reads any
	// other. The end is 0 when it was reached.
	bootstrap    bool
	bootstrapEnd int64
	ended        bool // the bound, or the end marks of all producers, has been reached

	watermark int64 // highest event time less the disorder, or the least of the producers' marks
	disorder  int64
	maxAhead  int64 // as [Source.MaxAhead], in ms
	jump      jump
	toldAt    int64     // when a jump was last logged, in ms since 1970
	missing   time.Time // since when other inputs have been waiting for its records; zero: they aren't
	overdue   bool      // they have waited long enough
	idle      bool
	quiet     time.Time // since when nothing has been read; zero while records come
	marks     *producerMarks
	heapIndex int // in the chooser; -1: not in it
	served    int64
	counts    *metrics.Input
}

// newPartition makes an input partition of a task that was recovered.
func newPartition(t *Running, from *recovery.Input) *partition {
	in := &t.stage.Inputs[from.Index]
	p := &partition{
		TopicPartition: from.TopicPartition,
		task:           t,
		input:          from.Index,
		position:       from.Position,
		bound:          from.Bound,
		priority:       in.Priority,
		joined:         in.Joined,
		table:          in.Table,
		bootstrap:      in.Bootstrap,
		bootstrapEnd:   from.BootstrapEnd,
		watermark:      stream.NoTime,
		heapIndex:      -1,
		counts:         &metrics.Input{Topic: in.Topic, Partition: from.Partition, Repartition: in.Repartition(), Next: -1, End: -1, OutOfRange: from.OutOfRange},
	}
	if in.Generator() {
		p.generator, _ = scheduler.GeneratorOf(in.Topic)
	}
	if in.Repartition() {
		p.marks = newProducerMarks(in.Producers)
	}
	if from.Last != nil {
		p.resume(from.Last)
	}
	return p
}

// resume restores event time as of the last commit. Whether the input was idle then doesn't
// matter: it may lag now.
func (p *partition) resume(in *meta.Input) {
	if in.Watermark != nil {
		p.watermark = *in.Watermark
	}
	if p.marks != nil {
		p.marks.resume(in)
	}
}

// meta is what a meta record says about the partition.
func (p *partition) meta() meta.Input {
	in := meta.Input{Topic: p.Topic, Partition: p.Partition, Offset: p.position}
	if p.watermark != stream.NoTime {
		in.Watermark = &p.watermark
	}
	if p.marks != nil {
		in.Epoch, in.Tasks, in.Marks = p.marks.epoch, p.marks.tasks, p.marks.marks
	}
	if p.bootstrap {
		in.BootstrapEnd, in.Bootstrapped = p.bootstrapEnd, !p.bootstraps()
	}
	return in
}

// effectiveWatermark is what the operators are told.
func (p *partition) effectiveWatermark() int64 {
	if p.idle || p.ended {
		return IdleTime
	}
	return p.watermark
}

// observe moves the watermark of an input that isn't a repartition topic, by the record
// at an offset.
func (p *partition) observe(offset, eventTime, now int64) bool {
	if limit := latestEventTime(now, p.maxAhead); eventTime > limit {
		p.counts.Ahead++
		eventTime = limit
	}
	w := eventTime - p.disorder
	if w <= p.watermark {
		return false
	}
	// Before the first record of all there is only the clock to compare it with.
	if before := p.watermark; before == stream.NoTime && w > now+jumpLength || before != stream.NoTime && w > before+jumpLength {
		p.jump = jump{offset: offset, from: p.watermark, to: w}
	}
	p.watermark = w
	return true
}

// take accepts a new chunk. Records at or beyond the bound are ignored, and so are those
// before the position: a chunk may begin earlier than requested.
func (p *partition) take(c stream.Chunk) {
	p.chunk, p.next, p.out = c.Records, c.Next, true
	p.quiet = time.Time{}
	for len(p.chunk) > 0 && p.chunk[0].Offset < p.position {
		p.chunk = p.chunk[1:]
	}
	if p.bound >= 0 {
		n := len(p.chunk)
		for n > 0 && p.chunk[n-1].Offset >= p.bound {
			n--
		}
		p.chunk = p.chunk[:n]
		p.next = min(p.next, p.bound)
	}
}

// headPosition is the position of the head.
func (p *partition) headPosition() stream.Position {
	return stream.Position{TopicPartition: p.TopicPartition, Offset: p.chunk[0].Offset}
}

// drop forgets what is left of the chunk: it is read again.
func (p *partition) drop() {
	p.chunk, p.out, p.loaded = nil, false, false
}

// fromOutside reports whether it is an input of the job, rather than its own traffic.
func (p *partition) fromOutside() bool { return p.marks == nil }

// advance leaves the head behind.
func (p *partition) advance() {
	p.position = p.chunk[0].Offset + 1
	p.chunk = p.chunk[1:]
	p.loaded = false
}
