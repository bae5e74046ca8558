package group

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
)

// A Membership drives a member: one goroutine makes one request at a time to the group's
// coordinator, as the member says. The user's goroutine calls its methods.
type Membership struct {
	client *cluster.Client
	cfg    stream.GroupConfig
	life   *link.Lifetime
	ready  chan struct{}

	mu            sync.Mutex
	member        member
	wakeLoop      context.CancelFunc // ends the wait of the goroutine
	cancelRequest context.CancelFunc // cancels its request
	ended         link.Signal        // given when the membership is over
	failingSince  time.Time          // the same step fails
	logged        bool
}

// Join returns a membership, which joins the group at the first Rejoin.
func Join(ctx context.Context, c *cluster.Client, cfg stream.GroupConfig) (stream.Membership, error) {
	cfg, err := cfg.Check()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	g := &Membership{
		client: c, cfg: cfg, life: link.NewLifetime(c.Link), ready: make(chan struct{}, 1), member: newMember(&cfg),
		wakeLoop: func() {}, cancelRequest: func() {},
	}
	g.life.Go(g.run)
	return g, nil
}

// change changes the member, and wakes the goroutine and the user.
func (g *Membership) change(f func(*member)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.member)
	g.wakeLoop()
	if g.member.phase == leaving {
		g.cancelRequest() // a join may take long
	}
	g.wake()
}

// wake signals Ready. The caller holds mu.
func (g *Membership) wake() {
	if len(g.member.events) == 0 {
		return
	}
	select {
	case g.ready <- struct{}{}:
	default:
	}
}

// Ready implements [stream.Membership].
func (g *Membership) Ready() <-chan struct{} { return g.ready }

// Poll implements [stream.Membership].
func (g *Membership) Poll() stream.GroupEvent {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.member.poll()
}

// Rejoin implements [stream.Membership].
func (g *Membership) Rejoin(owned []stream.TopicPartition, data []byte) {
	g.change(func(m *member) { m.rejoin(owned, data) })
}

// RequestRebalance implements [stream.Membership].
func (g *Membership) RequestRebalance() { g.change((*member).requestRebalance) }

// Leave leaves the group. It waits for the coordinator's answer as long as ctx allows.
func (g *Membership) Leave(ctx context.Context) error {
	g.change((*member).leave)
	g.mu.Lock()
	gone := g.ended.Done(g.member.phase == ended)
	g.mu.Unlock()
	err := g.client.Link.Wait(ctx, gone, nil)
	g.life.End()
	if err != nil {
		return fmt.Errorf("leave group %s: %w; its partitions are reassigned after %s", g.cfg.Group, err, g.cfg.SessionTimeout)
	}
	return g.Poll().Err // no other event follows a Leave than its failure
}

// Close cancels what is in flight.
func (g *Membership) Close() error {
	g.life.End()
	return nil
}

// run takes steps until none is left.
func (g *Membership) run() {
	for {
		s, ok := g.nextStep()
		if !ok {
			break
		}
		g.perform(s)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.member.phase = ended
	g.ended.Give()
}

// nextStep returns the next step once its time has come, or false when there is none any
// more.
func (g *Membership) nextStep() (step, bool) {
	for {
		g.mu.Lock()
		if g.member.phase == ended || g.life.Context().Err() != nil {
			g.mu.Unlock()
			return stepNone, false
		}
		s, at := g.member.next()
		pause := at.Sub(g.client.Link.Now())
		if s != stepNone && pause <= 0 {
			g.mu.Unlock()
			return s, true
		}
		ctx, cancel := context.WithCancel(g.life.Context())
		g.wakeLoop = cancel
		g.mu.Unlock()
		if s == stepNone {
			_ = g.client.Link.Wait(ctx, nil, nil)
		} else if g.client.Link.Sleep(ctx, pause) != nil && ctx.Err() == nil {
			g.life.Cancel() // the link is closed
		}
		cancel()
	}
}

// perform makes the request of a step, and gives the member the answer.
func (g *Membership) perform(s step) {
	ctx, cancel := context.WithCancel(g.life.Context())
	defer cancel()
	g.mu.Lock()
	if now, _ := g.member.next(); now != s { // the user was faster
		g.mu.Unlock()
		return
	}
	g.member.requested = true
	m := g.member // the state of the request, whatever changes meanwhile
	g.cancelRequest = cancel
	g.mu.Unlock()
	answer, err := g.request(ctx, s, &m)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cancelRequest = func() {}
	g.finish(ctx, s, answer, err)
	g.wake()
}

// finish is called with mu held.
func (g *Membership) finish(ctx context.Context, s step, a stepAnswer, err error) {
	now := g.client.Link.Now()
	if err == nil && a.code.OfMember() {
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
	case kerr.Temporary(err) || a.code == kerr.ServerError:
		g.member.missed(now)
		g.logStalled(s, err)
	default:
		g.member.fail(fmt.Errorf("group %s: %s: %w", g.cfg.Group, s, err))
	}
}

// logStalled is called when a step has failed and will be retried.
func (g *Membership) logStalled(s step, err error) {
	now := g.client.Link.Now()
	if g.failingSince.IsZero() {
		g.failingSince = now
	}
	if now.Sub(g.failingSince) >= link.StallAfter && !g.logged {
		g.logged = true
		g.client.Log.Warn("coordinator is unavailable; retrying", "group", g.cfg.Group, "step", s, "error", err)
	}
}

func (g *Membership) recovered() {
	if g.logged {
		g.client.Log.Info("coordinator is available again", "group", g.cfg.Group)
	}
	g.failingSince, g.logged = time.Time{}, false
}
