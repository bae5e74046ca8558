package reset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/reset"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// target reads the flags.
func (k *Command) target(now time.Time) (reset.Target, error) {
	t := reset.Target{KeepState: k.State == "keep", Offsets: make(map[stream.TopicPartition]int64)}
	if k.To == "" && len(k.Offset) == 0 {
		return t, errors.New("the offsets are missing: add -to oldest, -to newest, -to TIME, or -offset TOPIC/PARTITION=OFFSET")
	}
	if k.To != "" {
		start, err := parseStart(k.To, now)
		if err != nil {
			return t, err
		}
		t.Start = &start
	}
	for _, o := range k.Offset {
		p, err := parsePosition(o)
		if err != nil {
			return t, err
		}
		if _, twice := t.Offsets[p.TopicPartition]; twice {
			return t, fmt.Errorf("-offset %s: the partition has an offset already", o)
		}
		t.Offsets[p.TopicPartition] = p.Offset
	}
	return t, nil
}

// parseStart reads where inputs start, in the form of [scheduler.Input.Start].
func parseStart(to string, now time.Time) (int64, error) {
	switch to {
	case "oldest":
		return 0, nil
	case "newest":
		return scheduler.StartNewest, nil
	}
	if ago, err := time.ParseDuration(to); err == nil && ago >= 0 {
		return max(0, now.Add(-ago).UnixMilli()), nil
	}
	at, err := time.Parse(time.RFC3339, to)
	if err != nil {
		return 0, fmt.Errorf("-to %s: write oldest, newest, a time such as 2014-03-01T12:00:00Z, or 90m for 90 minutes ago", to)
	}
	return max(0, at.UnixMilli()), nil
}

// parsePosition reads TOPIC/PARTITION=OFFSET. The name of a topic contains neither sign.
func parsePosition(s string) (stream.Position, error) {
	where, offset, ok := strings.Cut(s, "=")
	topic, partition, ok2 := strings.Cut(where, "/")
	p, err := strconv.ParseInt(partition, 10, 32)
	o, err2 := strconv.ParseInt(offset, 10, 64)
	if !ok || !ok2 || topic == "" || err != nil || err2 != nil || p < 0 || o < 0 {
		return stream.Position{}, fmt.Errorf("-offset %s: write it as -offset TOPIC/PARTITION=OFFSET", s)
	}
	return stream.Position{TopicPartition: stream.TopicPartition{Topic: topic, Partition: int32(p)}, Offset: o}, nil
}
