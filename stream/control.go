package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/gretestream/grete/stream/internal/fields"
)

// Headers of records in repartition topics.
const (
	// TimeHeader carries the event time: 8 bytes, big-endian, ms since 1970. The
	// record's own Time is when it was produced. Otherwise a broker's retention
	// would delete replayed history.
	TimeHeader = "t"
	// ControlHeader marks a record as a [Control] rather than a user's record.
	ControlHeader = "grete"
)

// NoTime is the watermark before any event time is known. It is less than every
// event time.
const NoTime = math.MinInt64

// A Control tells the consumers of a repartition topic how far the producing
// tasks have advanced in event time. It is sent to every partition.
type Control struct {
	// Epoch increases when the number of producing tasks changes. Consumers then
	// wait for marks of all tasks of the new epoch.
	Epoch int64
	Tasks int32 // total number of tasks of the producing stage
	Marks []Mark
}

// A Mark is the progress of one task.
type Mark struct {
	Task int32
	// Watermark: the task will send no record with an earlier event time, except
	// late ones. NoTime while unknown.
	Watermark int64
	// Idle: the task has read its inputs to their end and gets no new records. It
	// doesn't hold the watermark back.
	Idle bool
	// Ended is the id of the bounded run that the task has completed; 0 if it
	// hasn't. A mark of one run doesn't count for another.
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

// markBytes is the least size of an encoded mark.
const markBytes = 1 + 8 + 1

var errControl = errors.New("malformed control message")

// ParseControl decodes a message that was encoded by [Control.Append]. A message about
// more tasks than maxTasks, or with more marks than tasks, is an error: it can't be from
// the producers of the topic.
func ParseControl(src []byte, maxTasks int32) (Control, error) {
	d := fields.Reader{Src: src}
	epoch, tasks, n := d.Varint(), d.Uvarint(), d.Uvarint()
	switch {
	case d.Bad || n > uint64(len(d.Src)/markBytes) || n > tasks:
		return Control{}, errControl
	case tasks > uint64(max(maxTasks, 0)):
		return Control{}, fmt.Errorf("control message about %d tasks: at most %d are possible", tasks, maxTasks)
	}
	c := Control{Epoch: epoch, Tasks: int32(tasks), Marks: make([]Mark, n)}
	for i := range c.Marks {
		head := d.Uvarint()
		c.Marks[i] = Mark{Task: int32(head >> 1), Idle: head&1 == 1, Watermark: d.Int64(), Ended: d.Varint()}
		if d.Bad || head>>1 >= tasks {
			return Control{}, errControl
		}
	}
	if len(d.Src) != 0 {
		return Control{}, errControl
	}
	return c, nil
}
