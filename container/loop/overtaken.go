package loop

import "time"

// A jump is the last time that a single record moved the watermark of its partition far.
// Records in between, which would have been in time without it, are late.
type jump struct {
	offset   int64 // of the record
	from, to int64 // the watermark before and after it
	told     bool
}

const (
	// jumpLength is the least length of a jump, and how far behind the watermark a record
	// is that was overtaken, in ms. Less may be the usual disorder.
	jumpLength = int64(time.Minute / time.Millisecond)
	// tellEvery is how often jumps of one partition are logged.
	tellEvery = time.Minute
)

// observe moves the watermark of an input, once its head is processed, and reports whether
// the operators must be told. The position is behind the head already.
func (l *Loop) observe(p *partition, eventTime int64) bool {
	if eventTime < p.jump.to-jumpLength && eventTime >= p.jump.from {
		l.overtaken(p, eventTime)
	}
	return p.observe(p.position-1, eventTime, l.now) || p.idle
}

// overtaken counts a record that is late because of another one, which it tells once.
func (l *Loop) overtaken(p *partition, eventTime int64) {
	p.counts.Overtaken++
	if p.jump.told || p.toldAt != 0 && l.now-p.toldAt < tellEvery.Milliseconds() {
		return
	}
	p.jump.told, p.toldAt = true, l.now
	l.cfg.Logger.Warn("a record is far ahead of others, which are late: correct its event time, or lower MaxAhead",
		"stage", l.cfg.Stage.Name, "topic", p.Topic, "partition", p.Partition, "offset", p.jump.offset,
		"watermark", formatTime(p.jump.to), "late_offset", p.position-1, "late_event_time", formatTime(eventTime))
}
