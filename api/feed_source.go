package api

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
)

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

// waits tells that nothing more has come yet of a source that is slow, a terminal
// or a pipe: what has come is appended at once then.
func (s *feedSource) waits() bool { return s.slow && s.lines.Buffered() == 0 }

// producer names the producer of a file, so that two don't feed it at once. Of
// standard input there may be several.
func (f feed) producer() string {
	path, err := filepath.Abs(f.file)
	if f.file == standardInput || err != nil {
		return fmt.Sprintf("%s-feed-%s", f.app, rand.Text())
	}
	return f.group(path) + "-" + f.topic
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
