package container_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A stubbornLog refuses to delete anything, or takes for ever.
type stubbornLog struct {
	*memory.System
	refusal error
	asked   int
}

type stubbornAdmin struct {
	stream.Admin
	log *stubbornLog
}

func (l *stubbornLog) Admin() stream.Admin { return stubbornAdmin{l.System.Admin(), l} }

func (a stubbornAdmin) DeleteRecords(ctx context.Context, before ...stream.Position) error {
	a.log.asked++
	if _, ok := ctx.Deadline(); !ok {
		return errors.New("asked to wait for ever")
	}
	if a.log.refusal != nil {
		return a.log.refusal
	}
	return a.Admin.DeleteRecords(ctx, before...)
}

// Trimming is housekeeping: the job goes on without it, says so once, and tries
// again.
func TestTrim_FailureIsLoggedOnce(t *testing.T) {
	log := &stubbornLog{System: memory.New(), refusal: errors.New("not authorised")}
	c := newCopying(t, log.System)
	c.cfg.System = log
	c.input().Producers = 1
	step := func(ms int64) {
		c.fill(ms)
		must(t, c.settle())
		c.now = c.now.Add(time.Minute)
	}
	c.reopen()
	for i := range int64(5) {
		step(i)
	}
	if n := strings.Count(c.said.String(), "can't be trimmed"); n != 1 || log.asked < 5 {
		t.Errorf("asked %d times, said %d times:\n%s", log.asked, n, &c.said)
	}
	log.refusal = errors.New("not now")
	step(5)
	step(6)
	if n := strings.Count(c.said.String(), "can't be trimmed"); n != 2 {
		t.Errorf("another reason is said %d times:\n%s", n-1, &c.said)
	}
	log.refusal = nil
	step(7)
	starts, err := c.sys.Admin().Starts(context.Background(), inPartition)
	must(t, err)
	if starts[0] != 8 {
		t.Errorf("the repartition topic starts at %d, all 8 of its records are processed", starts[0])
	}
	log.refusal = errors.New("not now")
	step(8)
	if n := strings.Count(c.said.String(), "can't be trimmed"); n != 3 {
		t.Errorf("the same reason after a success isn't said: %d", n)
	}
}
