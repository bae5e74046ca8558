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
	// Forgotten means that nobody will feed more of the file with this position: its last
	// line counts even if it has no line end.
	Forgotten bool
	// Say prints a message for the user; nil: no messages.
	Say func(format string, args ...any)
}

// StandardInput is the File of standard input, whose position isn't kept.
const StandardInput = "-"

// batchBytes is the size of a transaction.
const batchBytes = 4 << 20

// Run appends what is new in the file, and returns the ends of the partitions that it
// has written to.
func (f Feed) Run(ctx context.Context, system stream.System) ([]stream.Position, error) {
	ends := make(map[stream.TopicPartition]int64)
	if err := f.run(ctx, system, ends); err != nil {
		return nil, fmt.Errorf("feeding %s from %s: %w", f.Topic, program.Printable(f.File), err)
	}
	fed := make([]stream.Position, 0, len(ends))
	for tp, end := range ends {
		fed = append(fed, stream.Position{TopicPartition: tp, Offset: end})
	}
	return fed, nil
}

func (f Feed) run(ctx context.Context, system stream.System, ends map[stream.TopicPartition]int64) (err error) {
	// Opening the producer aborts the transaction of a former one that was killed, and so
	// settles the position in the file.
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{ID: f.producer()})
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, p) }()
	w, err := p.Writer(f.Topic)
	if err != nil {
		return err
	}
	a := &appender{Feed: f, producer: p, writer: w, ends: ends}
	if f.IsStream() {
		return f.whole(ctx, a, "", func() (*source, error) { return openStream(ctx, f.File) })
	}
	group, path := f.group()
	at, err := system.Admin().Committed(ctx, group, stream.TopicPartition{Topic: f.Topic})
	if err != nil {
		return err
	}
	return f.parts(ctx, a, group, path, unpack(at[0]))
}

// parts appends a file from a mark on: the rest of its predecessor first, if the file was
// rotated.
func (f Feed) parts(ctx context.Context, a *appender, group, path string, from mark) error {
	parts, err := locate(path, from)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.rotated {
			a.say("%s was rotated: its predecessor %s is fed first", program.Printable(path), program.Printable(p.path))
		}
		err := f.whole(ctx, a, group, func() (*source, error) {
			src, err := openFile(p.path, p.from)
			if src != nil {
				src.final = src.final || p.rotated
			}
			return src, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// whole appends a source to its end.
func (f Feed) whole(ctx context.Context, a *appender, group string, open func() (*source, error)) (err error) {
	src, err := open()
	if err != nil {
		return err
	}
	defer func() { err = program.Close(err, src) }()
	return a.copy(ctx, src, group)
}

func (f Feed) say(format string, args ...any) {
	if f.Say != nil {
		f.Say(format, args...)
	}
}

// An appender appends lines to the topic of a feed.
type appender struct {
	Feed
	producer stream.Producer
	writer   stream.Writer
	turn     int32 // the partition of the next line without a key
	ends     map[stream.TopicPartition]int64
}

// copy appends the lines of a source.
func (a *appender) copy(ctx context.Context, src *source, group string) error {
	committed := src.read
	for ctx.Err() == nil {
		line, err := src.line()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if ended && !a.complete(src, line) {
			a.say("the last line of %s has no line end, and waits for it: %s", program.Printable(a.File), program.Plural(len(line), "byte"))
			line = nil
		}
		if err := a.add(src, line); err != nil {
			return fmt.Errorf("line that ends at byte %d: %w", src.read, err)
		}
		if !ended && src.read-committed < batchBytes && !src.waits() {
			continue
		}
		if err := a.commit(ctx, src, group); err != nil {
			return err
		}
		if committed = src.read; ended {
			return nil
		}
	}
	return ctx.Err()
}

// add sends a line, and moves on in the source.
func (a *appender) add(src *source, line []byte) error {
	src.passed(line)
	if line = trimLine(line); blank(line) {
		return nil
	}
	if a.KeyField != "" {
		key, err := a.key(line)
		if err != nil {
			return err
		}
		return a.writer.Send(stream.PartitionOf(key, a.writer.Partitions()), &stream.Record{Key: key, Value: line})
	}
	turn := a.turn
	a.turn = (turn + 1) % a.writer.Partitions()
	return a.writer.Send(turn, &stream.Record{Value: line})
}

// commit commits what was sent with the position in the source, and notes the new ends of
// partitions.
func (a *appender) commit(ctx context.Context, src *source, group string) error {
	var offsets stream.GroupOffsets
	if group != "" {
		at, err := src.mark().pack()
		if err != nil {
			return err
		}
		offsets = stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: a.Topic}, Offset: at}}}
	}
	committed, err := a.producer.Commit(ctx, offsets)
	for _, end := range committed {
		a.ends[end.TopicPartition] = end.Offset
	}
	return err
}
