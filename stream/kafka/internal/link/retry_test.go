package link

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A standingLink has a clock that attempts and sleeping move.
type standingLink struct {
	Link
	now time.Time
}

func (l *standingLink) Now() time.Time { return l.now }

func (l *standingLink) Sleep(_ context.Context, d time.Duration) error {
	l.now = l.now.Add(d)
	return nil
}

// Retry goes on after a suspension that is longer than patience. With an unavailable
// broker it ends in time.
func TestRetry_SuspensionUsesNoPatience(t *testing.T) {
	l := &standingLink{now: time.Unix(1, 0)}
	tries := 0
	err := Retry(t.Context(), l, 30*time.Second, func() error {
		if tries++; tries == 2 {
			return nil
		}
		l.now = l.now.Add(time.Hour)
		return kerr.LeaderNotAvailable
	})
	if err != nil || tries != 2 {
		t.Errorf("after %d tries: %v", tries, err)
	}
	began := l.now
	err = Retry(t.Context(), l, 30*time.Second, func() error {
		l.now = l.now.Add(time.Second)
		return kerr.LeaderNotAvailable
	})
	if lasted := l.now.Sub(began); err == nil || !strings.Contains(err.Error(), "tried for 3") || lasted < 30*time.Second || lasted > 33*time.Second {
		t.Errorf("after %v: %v", lasted, err)
	}
}
