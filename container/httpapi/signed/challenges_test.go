package signed

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestChallenges_UsableOnce(t *testing.T) {
	c := newChallenges()
	for _, k := range []kind{toStranger, toMember} {
		one := c.issue(k)
		if !c.use(one) || c.use(one) {
			t.Error("a challenge can't be used, or twice")
		}
		if newChallenges().use(c.issue(k)) {
			t.Error("a challenge of another start can be used")
		}
	}
	for _, forged := range []string{"", "x", c.encode(kinds, 0), c.encode(toMember, 1<<63), c.issue(toMember)[1:]} {
		if c.use(forged) {
			t.Errorf("%q can be used", forged)
		}
	}
}

// Concurrent requests with the same challenge: one of them is served.
func TestChallenges_UsedOnceConcurrently(t *testing.T) {
	c := newChallenges()
	one := c.issue(toMember)
	var used atomic.Int32
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			if c.use(one) {
				used.Add(1)
			}
		})
	}
	g.Wait()
	if used.Load() != 1 {
		t.Errorf("it was used %d times", used.Load())
	}
}

// Old challenges become invalid, but strangers can't make members' invalid.
func TestChallenges_Outstanding(t *testing.T) {
	c := newChallenges()
	member, first, second := c.issue(toMember), c.issue(toStranger), c.issue(toStranger)
	for range outstanding - 1 {
		c.issue(toStranger)
	}
	if c.use(first) {
		t.Error("the oldest challenge can still be used")
	}
	if !c.use(second) || c.use(second) {
		t.Error("the oldest outstanding challenge can't be used once")
	}
	if !c.use(member) {
		t.Error("a flood of requests without a signature has made a member's challenge invalid")
	}
}
