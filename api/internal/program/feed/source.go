package feed

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

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/stream"
)

// A source is a file that is read from its committed position on.
type source struct {
	file  io.Closer
	lines *bufio.Reader
	group string // empty: standard input, whose position isn't kept
	read  int64  // bytes
	slow  bool
}

func (f Feed) open(ctx context.Context, system stream.System) (*source, error) {
	if f.File == StandardInput {
		in := interruptible{ctx, os.Stdin}
		return &source{file: io.NopCloser(in), lines: bufio.NewReaderSize(in, 1<<16), slow: true}, nil
	}
	path, err := filepath.Abs(f.File)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &source{file: file, lines: bufio.NewReaderSize(file, 1<<20), group: f.group(path)}
	if err := s.seek(ctx, system, f.Topic, file); err != nil {
		return nil, program.Close(err, file)
	}
	return s, nil
}

// waits reports whether a slow source, a terminal or a pipe, has no more lines yet:
// those read so far are committed then.
func (s *source) waits() bool { return s.slow && s.lines.Buffered() == 0 }

// producer names the producer of a file, so that only one at a time feeds it. Standard
// input may have several.
func (f Feed) producer() string {
	path, err := filepath.Abs(f.File)
	if f.File == StandardInput || err != nil {
		return fmt.Sprintf("%s-feed-%s", f.App, rand.Text())
	}
	return f.group(path) + "-" + f.Topic
}

// group names the group whose offset is the position in the file.
func (f Feed) group(path string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, path)
	return fmt.Sprintf("%s-feed-%x", f.App, h.Sum64())
}

// seek seeks to the committed position.
func (s *source) seek(ctx context.Context, system stream.System, topic string, file *os.File) error {
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
		return fmt.Errorf("the file has %d bytes, but %d of it were fed already, so its content has changed; feed a file of another name", info.Size(), s.read)
	}
	_, err = file.Seek(s.read, io.SeekStart)
	return err
}

// offset is committed with the lines.
func (s *source) offset(topic string) stream.GroupOffsets {
	if s.group == "" {
		return stream.GroupOffsets{}
	}
	tp := stream.TopicPartition{Topic: topic}
	return stream.GroupOffsets{Group: s.group, Positions: []stream.Position{{TopicPartition: tp, Offset: s.read}}}
}

// An interruptible reads from what may block for ever, a terminal or a pipe, until ctx
// is done. The goroutine of a read that it abandons stays until the input or the
// process ends.
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
