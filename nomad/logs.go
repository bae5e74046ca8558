package nomad

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/nomad/api"
)

// Logs selects logs, and says what to do with them.
type Logs struct {
	// Of selects a stage, a container by its name, or an allocation by a prefix of its id;
	// "" selects all containers.
	Of     string
	Stdout bool // also standard output, not only standard error
	// Follow continues until the context is done, and includes containers that start later.
	Follow bool
	// Line is called for each line, without its line break, by one goroutine at a time.
	Line func(container, line string)
}

// logInterval is how often to check for new containers.
const logInterval = time.Second

// Logs reads the logs of the containers that [Client.Status] lists. Nomad keeps the last
// 50 MB of each.
func (c *Client) Logs(ctx context.Context, app string, l Logs) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &logReader{client: c, Logs: l, seen: make(map[string]bool)}
	defer r.all.Wait()
	defer cancel()
	for {
		s, err := c.Status(ctx, app)
		switch {
		case ctx.Err() != nil && l.Follow:
			return nil // the normal end of Follow
		case err != nil:
			return err
		}
		if err := r.startNew(ctx, s); err != nil {
			return err
		}
		if !l.Follow {
			r.all.Wait()
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
		case <-time.After(logInterval):
		}
	}
}

// A logReader reads several logs at once.
type logReader struct {
	Logs
	client *Client
	seen   map[string]bool // allocations
	all    sync.WaitGroup

	mu sync.Mutex // of Line
}

// startNew starts to read the logs of new containers.
func (r *logReader) startNew(ctx context.Context, s *Status) error {
	known := r.Of == ""
	for i := range s.Stages {
		known = known || s.Stages[i].Stage == r.Of
		for _, k := range s.Stages[i].Containers {
			if !r.selects(&k) {
				continue
			}
			known = true
			if r.seen[k.Alloc] || k.State == api.AllocClientStatusPending {
				continue
			}
			r.seen[k.Alloc] = true
			for _, kind := range r.kinds() {
				r.all.Go(func() { r.read(ctx, k, kind) })
			}
		}
	}
	if !known && len(r.seen) == 0 {
		return fmt.Errorf("job %s has no stage and no container %q: status shows them", s.Job, r.Of)
	}
	return nil
}

func (r *logReader) selects(k *Container) bool {
	return r.Of == "" || r.Of == k.Stage || r.Of == k.Name || len(r.Of) >= 8 && strings.HasPrefix(k.Alloc, r.Of)
}

func (r *logReader) kinds() []string {
	if r.Stdout {
		return []string{"stdout", "stderr"}
	}
	return []string{"stderr"}
}

// read passes on the lines of a log.
func (r *logReader) read(ctx context.Context, k Container, kind string) {
	var rest []byte
	err := r.frames(ctx, k, kind, func(data []byte) {
		rest = append(rest, data...)
		for end := bytes.IndexByte(rest, '\n'); end >= 0; end = bytes.IndexByte(rest, '\n') {
			r.line(k.Name, string(rest[:end]))
			rest = slices.Delete(rest, 0, end+1)
		}
	})
	if len(rest) > 0 {
		r.line(k.Name, string(rest))
	}
	if err != nil && ctx.Err() == nil {
		r.line(k.Name, fmt.Sprintf("(can't read its log: %v)", r.client.explain(err, "read the log of "+k.Name, "read-logs")))
	}
}

func (r *logReader) line(container, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Line(container, text)
}

// frames passes on the data of a log.
func (r *logReader) frames(ctx context.Context, k Container, kind string, take func([]byte)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	frames, failed := r.client.api.AllocFS().Logs(&api.Allocation{ID: k.Alloc, NodeID: k.NodeID}, r.Follow, taskName, kind, api.OriginStart, 0, ctx.Done(), r.client.query(ctx))
	if frames == nil {
		return <-failed
	}
	for {
		select {
		case f, more := <-frames:
			if !more {
				return nil
			}
			take(f.Data)
		case err := <-failed:
			for len(frames) > 0 { // these came before the error
				take((<-frames).Data)
			}
			return err
		}
	}
}
