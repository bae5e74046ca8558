package api

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/gretestream/grete/stream"
)

// A feed appends the lines of a file to a topic. How far the file was read is
// committed together with its lines, as an offset of a group that is named
// after the file: nothing is read twice, and nothing left out.
type feed struct {
	app, topic, file string
	keyField         string // a JSON field that is the key; empty: no keys
	keySerde         string // how the topic's keys are encoded
}

// standardInput as a feed's file: always new.
const standardInput = "-"

// feedBytes is how much is appended in one transaction.
const feedBytes = 4 << 20

// run appends what is new in the file, and returns where the partitions that it
// has written to end after it.
func (f feed) run(ctx context.Context, system stream.System) ([]stream.Position, error) {
	ends := make(map[stream.TopicPartition]int64)
	if err := f.copy(ctx, system, ends); err != nil {
		return nil, fmt.Errorf("feeding %s from %s: %w", f.topic, f.file, err)
	}
	fed := make([]stream.Position, 0, len(ends))
	for tp, end := range ends {
		fed = append(fed, stream.Position{TopicPartition: tp, Offset: end})
	}
	return fed, nil
}

func (f feed) copy(ctx context.Context, system stream.System, ends map[stream.TopicPartition]int64) (err error) {
	// The producer is opened first: what one before it, that was killed, had not
	// committed is taken back, and where the file was left is settled.
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{ID: f.producer()})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, p) }()
	src, err := f.open(ctx, system)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, src.file) }()
	w, err := p.Writer(f.topic)
	if err != nil {
		return err
	}
	done := false
	committed := src.read
	for n := int32(0); !done && ctx.Err() == nil; {
		line, err := src.lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		done = err != nil
		src.read += int64(len(line))
		if line = trimLine(line); len(line) > 0 {
			if err := f.send(w, line, n); err != nil {
				return fmt.Errorf("line that ends at byte %d: %w", src.read, err)
			}
			n = (n + 1) % w.Partitions()
		}
		if !done && src.read-committed < feedBytes && !src.waits() {
			continue
		}
		if err := commitFeed(ctx, p, src.offset(f.topic), ends); err != nil {
			return err
		}
		committed = src.read
	}
	return ctx.Err()
}

// commitFeed commits what was sent, and notes where the partitions end then.
func commitFeed(ctx context.Context, p stream.Producer, offset stream.GroupOffsets, ends map[stream.TopicPartition]int64) error {
	committed, err := p.Commit(ctx, offset)
	for _, end := range committed {
		ends[end.TopicPartition] = end.Offset
	}
	return err
}

// trimLine takes the end of the line off.
func trimLine(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// send appends one line: to the partition of its key, or to the one whose turn
// it is.
func (f feed) send(w stream.Writer, line []byte, turn int32) error {
	if f.keyField == "" {
		return w.Send(turn, &stream.Record{Value: line})
	}
	key, err := f.key(line)
	if err != nil {
		return err
	}
	return w.Send(stream.PartitionOf(key, w.Partitions()), &stream.Record{Key: key, Value: line})
}

// key takes the key's field out of a line and encodes it as the topic's keys are.
func (f feed) key(line []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return nil, fmt.Errorf("the line is no JSON object, so it has no field %q for its key: %w", f.keyField, err)
	}
	raw, ok := fields[f.keyField]
	if !ok {
		return nil, fmt.Errorf("the line has no field %q for its key", f.keyField)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		s = string(raw)
	}
	switch f.keySerde {
	case "int64", "int32":
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || f.keySerde == "int32" && n != int64(int32(n)) {
			return nil, fmt.Errorf("field %q is %s, but the topic's keys are %s", f.keyField, raw, f.keySerde)
		}
		if f.keySerde == "int32" {
			return binary.BigEndian.AppendUint32(nil, uint32(n)), nil
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n)), nil
	case "", "string", "bytes":
		return []byte(s), nil
	}
	return raw, nil
}
