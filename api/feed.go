package api

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
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

// run appends what is new in the file.
func (f feed) run(ctx context.Context, system stream.System) error {
	if err := f.copy(ctx, system); err != nil {
		return fmt.Errorf("feeding %s from %s: %w", f.topic, f.file, err)
	}
	return nil
}

func (f feed) copy(ctx context.Context, system stream.System) (err error) {
	src, err := f.open(ctx, system)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, src.file) }()
	p, err := system.OpenProducer(ctx, stream.ProducerConfig{})
	if err != nil {
		return err
	}
	defer func() { err = closing(err, p) }()
	w, err := p.Writer(f.topic)
	if err != nil {
		return err
	}
	done := false
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
		// What comes slowly, from a terminal or a pipe, is appended at once.
		if done || p.Buffered() >= feedBytes || (src.slow && src.lines.Buffered() == 0) {
			if _, err := p.Commit(ctx, src.offset(f.topic)); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
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

// A feedSource is a file that is read from where it was left.
type feedSource struct {
	file  io.Closer
	lines *bufio.Reader
	group string // empty: standard input, of which nothing is remembered
	read  int64  // bytes
	slow  bool
}

func (f feed) open(ctx context.Context, system stream.System) (*feedSource, error) {
	if f.file == standardInput {
		in := interruptible{ctx, os.Stdin}
		return &feedSource{file: io.NopCloser(in), lines: bufio.NewReaderSize(in, 1<<16), slow: true}, nil
	}
	path, err := filepath.Abs(f.file)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &feedSource{file: file, lines: bufio.NewReaderSize(file, 1<<20), group: f.group(path)}
	if err := s.goOn(ctx, system, f.topic, file); err != nil {
		return nil, closing(err, file)
	}
	return s, nil
}

// group names the group whose offset is how far the file was read.
func (f feed) group(path string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, path)
	return fmt.Sprintf("%s-feed-%x", f.app, h.Sum64())
}

// goOn seeks to where the file was left.
func (s *feedSource) goOn(ctx context.Context, system stream.System, topic string, file *os.File) error {
	at, err := system.Admin().Committed(ctx, s.group, stream.TopicPartition{Topic: topic})
	if err != nil {
		return err
	}
	s.read = max(at[0], 0)
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return errors.New("it is a directory")
	}
	if info.Mode().IsRegular() && info.Size() < s.read {
		return fmt.Errorf("the file has %d bytes, but %d were read of it already: it isn't the same any more; feed a file of another name", info.Size(), s.read)
	}
	_, err = file.Seek(s.read, io.SeekStart)
	return err
}

// offset is what is committed with the lines.
func (s *feedSource) offset(topic string) stream.GroupOffsets {
	if s.group == "" {
		return stream.GroupOffsets{}
	}
	tp := stream.TopicPartition{Topic: topic}
	return stream.GroupOffsets{Group: s.group, Positions: []stream.Position{{TopicPartition: tp, Offset: s.read}}}
}

// An interruptible reads from what may block for ever, a terminal or a pipe, and
// gives up when ctx is done. The goroutine of a read that is given up stays until
// the input ends, or the process.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	buf, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := r.in.Read(buf)
		done <- result{n, err}
	}()
	select {
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case res := <-done:
		copy(p, buf[:res.n])
		return res.n, res.err
	}
}
