package feed

import (
	"context"
	"io"
	"os"
)

// openInterruptibly opens a file, which for a named pipe waits for its writer, until ctx is
// done. An opening that it abandons ends with the writer's, or with the process.
func openInterruptibly(ctx context.Context, name string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result)
	go func() {
		file, err := os.Open(name)
		select {
		case opened <- result{file, err}:
		case <-ctx.Done():
			if err == nil {
				_ = file.Close() // nothing was read from it
			}
		}
	}()
	select {
	case r := <-opened:
		return r.file, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An interruptible reads from what may block for ever, a terminal or a pipe, until ctx
// is done. The goroutine of a read that it abandons stays until the input or the
// process ends.
type interruptible struct {
	ctx       context.Context
	in        io.ReadCloser
	abandoned bool
}

func (r *interruptible) Read(p []byte) (int, error) {
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
		r.abandoned = true
		return 0, r.ctx.Err()
	case res := <-done:
		copy(p, buf[:res.n])
		return res.n, res.err
	}
}

// Close closes what was opened. It leaves standard input open, and what a read waits for.
func (r *interruptible) Close() error {
	if r.abandoned || r.in == os.Stdin {
		return nil
	}
	return r.in.Close()
}
