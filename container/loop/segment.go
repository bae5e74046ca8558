package loop

import (
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A segment is a piece of work of a task that can be taken back: that of a record, or of a
// firing. While one is open,
//   - the state saves what it changes, or only notes that it has: see [Task.checks],
//   - outputs are held, so that a record which is too large for its topic has sent nothing,
//   - counters, and what operators have in memory, are saved.
//
// A segment is opened only if its policy isn't to fail, or in order to find a record that
// makes a value which can't be kept; see careful.go. Segments don't nest.
type segment struct {
	open    bool
	checked bool // entries are checked before the segment ends
	held    outbox
	skips   []Skip // that operators have reported
	paused  int
	counts  []metrics.Operator
}

// guarded reports whether work whose failures are skipped, or not, is a segment.
func (l *Loop) guarded(skips bool) bool { return skips || l.careful > 0 }

// checks reports whether values are saved before they change, and checked afterwards, in work
// whose failures are skipped, or not. To save a plain value costs a copy. Others would have to
// be encoded twice, which is done only after a failure.
func (t *Task) checks(skips bool) bool { return t.loop.careful > 0 || skips && t.plain }

// begin opens a segment.
func (t *Task) begin() {
	s := &t.segment
	s.open, s.paused = true, t.paused
	s.counts = s.counts[:0]
	for _, c := range t.counts.Operators {
		s.counts = append(s.counts, *c)
	}
	if t.State != nil {
		s.checked = t.checks(true)
		mode := kv.UndoNotes
		if s.checked {
			mode = kv.UndoSaves
		}
		t.State.Undo.Begin(mode)
	}
	t.logic.Mark()
}

// check returns an error if the open segment has made a value that can't be kept.
func (t *Task) check() error {
	if t.State == nil || !t.segment.checked {
		return nil
	}
	return t.State.Undo.Check()
}

// keep ends the segment. It sends what is held. If that fails, the segment can't be taken
// back.
func (t *Task) keep() error {
	s := &t.segment
	s.open = false
	if t.State != nil {
		t.State.Undo.Keep()
	}
	for _, e := range s.skips {
		t.loop.cfg.Skipped(e)
	}
	s.forget()
	return s.held.send()
}

// rewind takes back the open segment. It returns false if that can't be done here: then the
// container must go back to its last commit.
func (t *Task) rewind() (done bool) {
	s := &t.segment
	if !s.open || t.State != nil && !t.rewindState() {
		return false
	}
	s.open = false
	t.paused = s.paused
	for i, c := range t.counts.Operators {
		was := metrics.Operator{Name: c.Name} // it is new
		if i < len(s.counts) {
			was = s.counts[i]
		}
		*c = was
	}
	s.held.drop()
	s.forget()
	t.logic.Rewind()
	return true
}

// rewindState takes back what the segment has changed in the state. It fails if that was only
// noted, or if a value can't be decoded.
func (t *Task) rewindState() (done bool) {
	u := &t.State.Undo
	if !t.segment.checked {
		done = !u.Changed()
		u.Keep()
		return done
	}
	defer func() { done = recover() == nil && done }() // of the user's decoder
	return u.Rewind() == nil
}

func (s *segment) forget() {
	clear(s.skips)
	s.skips = s.skips[:0]
}

// An outbox holds the records that a segment sends, in order. Their bytes are in one buffer.
type outbox struct {
	records []held
	headers []heldHeader
	bytes   []byte
}

type held struct {
	output     *Output
	partition  int32
	time       int64
	key, value span
	headers    int // how many of them are the record's
}

type heldHeader struct {
	key   string
	value span
}

// A span is where a string is in the buffer; -1 and -1 for nil.
type span struct{ from, to int }

// outboxMost is how many bytes, and how many records, an outbox keeps room for.
const (
	outboxMost        = 1 << 20
	outboxMostRecords = 4096
)

// add holds a record, which it copies.
func (b *outbox) add(o *Output, partition int32, r *stream.Record) {
	for _, h := range r.Headers {
		b.headers = append(b.headers, heldHeader{h.Key, b.copy(h.Value)})
	}
	b.records = append(b.records, held{o, partition, r.Time, b.copy(r.Key), b.copy(r.Value), len(r.Headers)})
}

func (b *outbox) copy(p []byte) span {
	if p == nil {
		return span{-1, -1}
	}
	from := len(b.bytes)
	b.bytes = append(b.bytes, p...)
	return span{from, len(b.bytes)}
}

func (b *outbox) at(s span) []byte {
	if s.from < 0 {
		return nil
	}
	return b.bytes[s.from:s.to:s.to]
}

// send sends what is held.
func (b *outbox) send() error {
	headers := b.headers
	for i := range b.records {
		h := &b.records[i]
		o := h.output
		o.record = stream.Record{Key: b.at(h.key), Value: b.at(h.value), Time: h.time, Headers: o.record.Headers[:0]}
		for _, header := range headers[:h.headers] {
			o.record.Headers = append(o.record.Headers, stream.Header{Key: header.key, Value: b.at(header.value)})
		}
		headers = headers[h.headers:]
		if err := o.send(h.partition, &o.record); err != nil {
			return err
		}
	}
	b.drop()
	return nil
}

// drop forgets what is held.
func (b *outbox) drop() {
	if cap(b.bytes) > outboxMost || cap(b.records) > outboxMostRecords || cap(b.headers) > outboxMostRecords {
		*b = outbox{}
		return
	}
	b.records, b.headers, b.bytes = b.records[:0], b.headers[:0], b.bytes[:0]
}
