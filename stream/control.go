package stream

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/gretestream/grete/stream/internal/fields"
)

// Headers of records in repartition topics.
const (
	// TimeHeader carries the event time: 8 bytes, big-endian, ms since 1970. The
	// record's own time is when it was produced, so that a broker's retention
	// doesn't delete replayed history.
	TimeHeader = "t"
	// ControlHeader marks a record as a [Control] and not the user's.
	ControlHeader = "grete"
)

// NoTime is before every event time: nothing is known yet.
const NoTime = math.MinInt64

// A Control tells the consumers of a repartition topic how far its producers'
// tasks are in event time. It goes into each partition.
type Control struct {
	// Epoch counts the plans of the producing stage: when the number of its
	// tasks changes, consumers wait for marks of all tasks of the new epoch.
	Epoch int64
	Tasks int32 // of the producing stage, in all
	Marks []Mark
}

// A Mark is the progress of one task.
type Mark struct {
	Task int32
	// Watermark: no record with an earlier event time is expected from the task,
	// save late ones. NoTime while nothing is known.
	Watermark int64
	// Idle: the task's inputs are read to their end and quiet; it doesn't hold
	// the watermark back.
	Idle bool
	// Ended is the id of the bounded run at whose end this task has arrived, 0
	// otherwise. The mark of an earlier run means nothing to a later one.
	Ended int64
}

// Append appends the encoded message.
func (c *Control) Append(dst []byte) []byte {
	dst = binary.AppendVarint(dst, c.Epoch)
	dst = binary.AppendUvarint(dst, uint64(c.Tasks))
	dst = binary.AppendUvarint(dst, uint64(len(c.Marks)))
	for _, m := range c.Marks {
		idle := uint64(0)
		if m.Idle {
			idle = 1
		}
		dst = binary.AppendUvarint(dst, uint64(m.Task)<<1|idle)
		dst = binary.BigEndian.AppendUint64(dst, uint64(m.Watermark))
		dst = binary.AppendVarint(dst, m.Ended)
	}
	return dst
}

// maxTasks bounds what a malformed message can make its reader allocate.
const maxTasks = 1 << 20

var errControl = errors.New("control message: malformed")

// ParseControl is the reverse of [Control.Append].
func ParseControl(src []byte) (Control, error) {
	d := fields.Reader{Src: src}
	epoch, tasks, n := d.Varint(), d.Uvarint(), d.Uvarint()
	if d.Bad || tasks > maxTasks || n > uint64(len(src)) {
		return Control{}, errControl
	}
	c := Control{Epoch: epoch, Tasks: int32(tasks)}
	c.Marks = make([]Mark, n)
	for i := range c.Marks {
		head := d.Uvarint()
		c.Marks[i] = Mark{Task: int32(head >> 1), Idle: head&1 == 1, Watermark: d.Int64(), Ended: d.Varint()}
		if c.Marks[i].Task < 0 || c.Marks[i].Task >= c.Tasks {
			d.Bad = true
		}
	}
	if d.Bad || len(d.Src) != 0 {
		return Control{}, errControl
	}
	return c, nil
}
