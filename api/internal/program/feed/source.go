package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
)

// A source is a file, or a stream such as a pipe, that is read line by line.
type source struct {
	content
	buf   []byte // of the last line
	read  int64  // bytes that have passed, without compression
	seen  seen
	slow  bool // a terminal or a pipe
	final bool // its end is the end of its last line: nothing is appended to it any more
}

// maxLine is the greatest length of a line. A file without line ends isn't text.
const maxLine = 64 << 20

// line returns the next line with its end. The last one, which may be empty, comes with
// io.EOF. It is valid until the next call.
func (s *source) line() ([]byte, error) {
	s.buf = s.buf[:0]
	for {
		part, err := s.lines.ReadSlice('\n')
		s.buf = append(s.buf, part...)
		if len(s.buf) > maxLine {
			return nil, fmt.Errorf("the line that begins at byte %d is longer than %d MB", s.read, maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return s.buf, err
		}
	}
}

// passed moves on behind bytes that were read.
func (s *source) passed(b []byte) {
	s.read += int64(len(b))
	s.seen.add(b)
}

// mark is the position of the source.
func (s *source) mark() mark {
	if s.read == 0 {
		return mark{}
	}
	return mark{s.read, s.seen.sum()}
}

// waits reports whether a slow source has no more lines yet: those read so far are
// committed then.
func (s *source) waits() bool { return s.slow && s.lines.Buffered() == 0 }

// errOther means that a file isn't the one of a mark.
var errOther = errors.New("the file isn't the one that was fed before")

// openFile opens a file at a mark. The error is errOther if the file is another one.
func openFile(path string, at mark) (*source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory")
	}
	if err != nil {
		return nil, program.Close(err, file)
	}
	s := &source{}
	if s.content, err = newContent(file, file); err != nil {
		return nil, program.Close(err, file)
	}
	s.final = s.compressed
	if err := s.skip(file, at); err != nil {
		return nil, program.Close(err, s)
	}
	return s, nil
}

// skip moves on to a mark.
func (s *source) skip(file *os.File, at mark) error {
	if at.offset == 0 {
		s.passed(s.mark0())
		return nil
	}
	if err := s.pass(file, at.offset); err != nil {
		return err
	}
	if at.sum != 0 && at.sum != s.seen.sum() {
		return errOther
	}
	return nil
}

// pass moves on to an offset. Of a file that isn't compressed, it reads the edges only.
func (s *source) pass(file *os.File, offset int64) error {
	if s.compressed {
		return s.discard(offset)
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < offset {
		return fmt.Errorf("%w: it has only %d bytes", errOther, info.Size())
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s.lines.Reset(file)
	if offset <= 2*edge {
		return s.discard(offset)
	}
	if err := s.discard(edge); err != nil {
		return err
	}
	if _, err := file.Seek(offset-edge, io.SeekStart); err != nil {
		return err
	}
	s.lines.Reset(file)
	s.read = offset - edge
	return s.discard(offset)
}

// discard reads on to an offset.
func (s *source) discard(offset int64) error {
	part := make([]byte, 1<<16)
	for s.read < offset {
		n, err := s.lines.Read(part[:min(int64(len(part)), offset-s.read)])
		s.passed(part[:n])
		if errors.Is(err, io.EOF) && s.read < offset {
			return fmt.Errorf("%w: it has only %d bytes", errOther, s.read)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mark0 skips the byte order mark at the beginning, and returns it.
func (s *source) mark0() []byte {
	if b, _ := s.lines.Peek(1); len(b) == 0 || b[0] != byteOrderMark[0] {
		return nil // a stream may have no more bytes yet
	}
	if b, _ := s.lines.Peek(len(byteOrderMark)); string(b) != byteOrderMark {
		return nil
	}
	_, _ = s.lines.Discard(len(byteOrderMark))
	return []byte(byteOrderMark)
}

// IsStream reports whether the file is a stream, whose position isn't kept: standard input,
// a named pipe, a process substitution, a device.
func (f Feed) IsStream() bool {
	if f.File == StandardInput {
		return true
	}
	path, err := filepath.Abs(f.File)
	if err != nil {
		return false
	}
	if path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") {
		return true // whatever it is today
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// openStream opens a stream. Both opening and reading it may block for ever: they end when
// ctx is done.
func openStream(ctx context.Context, name string) (*source, error) {
	file := os.Stdin
	var err error
	if name != StandardInput {
		if file, err = openInterruptibly(ctx, name); err != nil {
			return nil, err
		}
	}
	s := &source{slow: true, final: true}
	in := &interruptible{ctx: ctx, in: file}
	if s.content, err = newContent(in, in); err != nil {
		return nil, program.Close(err, in)
	}
	s.passed(s.mark0())
	return s, nil
}

// unexplained says what can be done about a file that isn't the one of its position.
func unexplained(path string, at mark, why error) error {
	return fmt.Errorf("%w. Of the earlier file, which isn't beside it, %d bytes were fed; to feed %s as a new file, give it another name",
		why, at.offset, program.Printable(filepath.Base(path)))
}
