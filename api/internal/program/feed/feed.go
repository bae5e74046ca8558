package feed

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// A Feed appends the lines of a file to a topic. The position in the file is committed
// together with its lines, as an offset of a group named after the file: no line is
// appended twice, and none is left out.
type Feed struct {
	App, Topic, File string
	KeyField         string     // the JSON field with the key; empty: no keys
	Keys             serde.Text // encodes the topic's keys
}

// StandardInput is the File of standard input, whose position isn't kept.
const StandardInput = "-"

// batchBytes is the size of a transaction.
const batchBytes = 4 << 20

// Run appends what is new in the file, and returns the ends of the partitions that it
// has written to.
func (f Feed) Run(ctx context.Context, system stream.System) ([]stream.Position, error) {
	ends := make(map[stream.TopicPartition]int64)
	if err := f.copy(ctx, system, ends); err != nil {
		return nil, fmt.Errorf("feeding %s from %s: %w", f.Topic, f.File, err)
	}
	fed := make([]stream.Position, 0, len(ends))
	for tp, end := range ends {
		fed = append(fed, stream.Position{TopicPartition: tp, Offset: end})
	}
	return fed, nil
}

func (f Feed) copy(ctx context.Context, system stream.System, ends map[stream.TopicPartition]int64) (err error) {
	// Opening the producer aborts the transaction of a former one that was killed, and so
	// settles the position in the file.
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{ID: f.producer()})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, p) }()
	src, err := f.open(ctx, system)
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, src.file) }()
	w, err := p.Writer(f.Topic)
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
		if !done && src.read-committed < batchBytes && !src.waits() {
			continue
		}
		if err := commit(ctx, p, src.offset(f.Topic), ends); err != nil {
			return err
		}
		committed = src.read
	}
	return ctx.Err()
}

// commit commits what was sent, and notes the new ends of partitions.
func commit(ctx context.Context, p stream.Producer, offset stream.GroupOffsets, ends map[stream.TopicPartition]int64) error {
	committed, err := p.Commit(ctx, offset)
	for _, end := range committed {
		ends[end.TopicPartition] = end.Offset
	}
	return err
}

// trimLine removes the end of line.
func trimLine(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// send appends a line to the partition of its key, or, without keys, to the next one in
// turn.
func (f Feed) send(w stream.Writer, line []byte, turn int32) error {
	if f.KeyField == "" {
		return w.Send(turn, &stream.Record{Value: line})
	}
	key, err := f.key(line)
	if err != nil {
		return err
	}
	return w.Send(stream.PartitionOf(key, w.Partitions()), &stream.Record{Key: key, Value: line})
}
