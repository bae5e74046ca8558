package fetch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

func TestConsumer_Reads(t *testing.T) {
	lib := newFakeBrokers(3)
	lib.topic("a", 5)
	for p := range int32(5) {
		lib.logs[linktest.At("a", p)].append(values(t, "x", 100), values(t, "y", 3000), values(t, "z", 1))
	}
	withReader(t, lib, 0, func(s *reader) {
		all := linktest.TopicOf("a", 5)
		s.assign(0, all...)
		s.readTo(3101, all...)
		s.assign(3090, all[2])
		s.readTo(3101, all...)
		if got := s.got[all[2]]; len(got) != 11 || got[0] != "y2990" || got[10] != "z0" {
			s.Errorf("from the middle: %v", got)
		}
		if got := s.got[all[1]]; len(got) != 3101 || got[0] != "x0" || got[100] != "y0" || got[3100] != "z0" {
			s.Errorf("%d records", len(got))
		}
		if end := s.End(all[0]); end != 3101 {
			s.Errorf("the end is %d", end)
		}
	})
}

// Records that arrive for an abandoned position are not handed out.
func TestConsumer_Reassign(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 1)
	tp := linktest.At("a", 0)
	for i := range 20 {
		lib.logs[tp].append(values(t, fmt.Sprint(i, "."), 10))
	}
	withReader(t, lib, 0, func(s *reader) {
		s.assign(200, tp)
		s.pollFor(time.Second) // the long poll of the patient session waits at the end
		s.assign(0, tp)
		_, err := s.Poll() // so that the eager fetch session sends a request
		linktest.Must(s, err)
		s.assign(100, tp)
		s.readTo(200, tp)
		if got := s.got[tp]; len(got) != 100 || got[0] != "10.0" {
			s.Errorf("%d records from %q on", len(got), got[0])
		}
		s.Unassign(tp)
		s.Unassign(tp)
		lib.change(func() { lib.logs[tp].append(values(s, "x", 1)) })
		s.pollFor(time.Second)
		if len(s.got[tp]) != 100 || s.End(tp) != -1 {
			s.Error("an unassigned partition is read")
		}
		s.assign(0, tp)
		s.readTo(201, tp)
	})
}

// Close returns at once during a long poll. Later answers are dropped.
func TestConsumer_Close(t *testing.T) {
	lib := newFakeBrokers(2)
	lib.topic("a", 4)
	withReader(t, lib, 0, func(s *reader) {
		all := linktest.TopicOf("a", 4)
		s.assign(0, all...)
		s.pollFor(time.Second)
		began := time.Now()
		linktest.Must(s, s.Close())
		linktest.Must(s, s.Close())
		if time.Since(began) > 0 {
			s.Errorf("it took %s", time.Since(began))
		}
		if _, err := s.Poll(); !errors.Is(err, stream.ErrClosed) {
			s.Error(err)
		}
		if err := s.Assign(all[0], 0); !errors.Is(err, stream.ErrClosed) {
			s.Error(err)
		}
		s.Release(all[0])
		s.Unassign(all[0])
		synctest.Wait()
		lib.change(func() {
			if len(lib.sessions) > 2 { // long polls of patient sessions, already sent
				s.Errorf("%d sessions are left", len(lib.sessions))
			}
		})
	})
}

// Poll reports that the link is closed.
func TestConsumer_LinkClosed(t *testing.T) {
	lib := newFakeBrokers(1)
	lib.topic("a", 1)
	withReader(t, lib, 0, func(s *reader) {
		s.assign(0, linktest.At("a", 0))
		s.pollFor(time.Second)
		linktest.Must(s, s.sys.Link.Close())
		if err := s.pollUntilError(); !errors.Is(err, stream.ErrClosed) && !errors.Is(err, context.Canceled) {
			s.Error(err)
		}
	})
}
