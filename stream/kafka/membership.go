package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
)

// A membership drives a member: one goroutine asks the group's coordinator, one
// thing at a time, what the member says. Its methods are called by the user's
// goroutine.
type membership struct {
	client *client
	cfg    stream.GroupConfig
	life   *life
	ready  chan struct{}

	mu     sync.Mutex
	member member
	poke   context.CancelFunc // ends its waiting
	cut    context.CancelFunc // ends its request
	gone   signal             // given when the membership is over
	since  time.Time          // of failures of the same step
	logged bool
}

// newMembership makes a membership, which joins at the first Rejoin.
func newMembership(ctx context.Context, c *client, cfg stream.GroupConfig) (stream.Membership, error) {
	cfg, err := cfg.Check()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	g := &membership{
		client: c, cfg: cfg, life: newLife(c.link), ready: make(chan struct{}, 1), member: newMember(&cfg),
		poke: func() {}, cut: func() {},
	}
	g.life.run(g.run)
	return g, nil
}

// change changes the member, and wakes whoever has something to do because of it.
func (g *membership) change(f func(*member)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.member)
	g.poke()
	if g.member.phase == leaving {
		g.cut() // a join may take long
	}
	g.wake()
}

// wake is called with the lock held.
func (g *membership) wake() {
	if len(g.member.events) == 0 {
		return
	}
	select {
	case g.ready <- struct{}{}:
	default:
	}
}

func (g *membership) Ready() <-chan struct{} { return g.ready }

func (g *membership) Poll() stream.GroupEvent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.member.poll()
}

func (g *membership) Rejoin(owned []stream.TopicPartition, data []byte) {
	g.change(func(m *member) { m.rejoin(owned, data) })
}

func (g *membership) RequestRebalance() { g.change((*member).wished) }

// Leave tells the coordinator, for as long as ctx allows.
func (g *membership) Leave(ctx context.Context) error {
	g.change((*member).leave)
	g.mu.Lock()
	gone := g.gone.when(g.member.phase == over)
	g.mu.Unlock()
	err := g.client.link.Wait(ctx, gone, nil)
	g.life.end()
	if err != nil {
		return fmt.Errorf("leaving group %s: %w: it takes its partitions back in %s", g.cfg.Group, err, g.cfg.SessionTimeout)
	}
	return g.Poll().Err // there is no other event after leaving than that it has failed
}

// Close ends what is under way.
func (g *membership) Close() error {
	g.life.end()
	return nil
}

// run asks until there is nothing to ask any more.
func (g *membership) run() {
	for {
		s, ok := g.await()
		if !ok {
			break
		}
		g.perform(s)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.member.phase = over
	g.gone.give()
}

// await returns the next step when its time has come, false if there is none any
// more.
func (g *membership) await() (groupStep, bool) {
	for {
		g.mu.Lock()
		if g.member.phase == over || g.life.context().Err() != nil {
			g.mu.Unlock()
			return groupRest, false
		}
		s, at := g.member.next()
		pause := at.Sub(g.client.link.Now())
		if s != groupRest && pause <= 0 {
			g.mu.Unlock()
			return s, true
		}
		ctx, cancel := context.WithCancel(g.life.context())
		g.poke = cancel
		g.mu.Unlock()
		if s == groupRest {
			_ = g.client.link.Wait(ctx, nil, nil)
		} else if g.client.link.Sleep(ctx, pause) != nil && ctx.Err() == nil {
			g.life.interrupt() // the link is closed
		}
		cancel()
	}
}

// perform makes a step's request, and gives the member its answer.
func (g *membership) perform(s groupStep) {
	ctx, cancel := context.WithCancel(g.life.context())
	defer cancel()
	g.mu.Lock()
	if now, _ := g.member.next(); now != s { // the user was faster
		g.mu.Unlock()
		return
	}
	g.member.asked = true
	m := g.member // what the request says, whatever becomes of the member meanwhile
	g.cut = cancel
	g.mu.Unlock()
	answer, err := g.request(ctx, s, &m)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = func() {}
	g.conclude(ctx, s, answer, err)
	g.wake()
}

// conclude is called with the lock held.
func (g *membership) conclude(ctx context.Context, s groupStep, a groupAnswer, err error) {
	now := g.client.link.Now()
	if err == nil && a.code.ofMembers() {
		g.member.answered(s, &a, now)
		g.recovered()
		return
	}
	answered := err == nil
	if answered {
		err = g.refusal(a.code)
	}
	switch {
	case ctx.Err() != nil:
		g.member.missed(now)
	case temporary(err) || a.code == serverError:
		g.member.missed(now)
		g.stalled(s, err)
	default:
		g.member.fail(fmt.Errorf("group %s: %s: %w", g.cfg.Group, s, err))
	}
}

// stalled is called when a step has failed, and will be tried again.
func (g *membership) stalled(s groupStep, err error) {
	now := g.client.link.Now()
	if g.since.IsZero() {
		g.since = now
	}
	if now.Sub(g.since) >= stallAfter && !g.logged {
		g.logged = true
		g.client.log.Warn("a group's coordinator is away; trying on", "group", g.cfg.Group, "step", s, "error", err)
	}
}

func (g *membership) recovered() {
	if g.logged {
		g.client.log.Info("the group's coordinator is back", "group", g.cfg.Group)
	}
	g.since, g.logged = time.Time{}, false
}
