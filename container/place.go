package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gretestream/grete/stream"
)

// A place is what a container has in its stage's group: tasks, as long as the group
// says so. What is done for them can be committed as a member of a generation only;
// so a place has a time in which nothing can, from when the container rejoins until
// it is assigned something again. Tasks that stay go on meanwhile.
//
// These orders keep two containers from doing the same work:
//
//   - Who rejoins has committed before, or gone back to its last commit, and opens
//     its producer anew if it doesn't know what has become of it: so a member of a
//     generation has nothing under way for tasks that it doesn't claim.
//   - Who is given a task shuts out its last owner's producer, unless that is a
//     member of the same generation (takeover.go), before it reads how far that was.
//   - Who hears that it was lost closes everything, before it joins again.
//
// A nil place is that of a container whose tasks are fixed.
type place struct {
	stream.Membership
	divider    divider
	generation int32
	member     string
	tasks      []int32 // that it is to have
	told       []int32 // that others were told of last; nil: none yet
	share      share
	wishes     []int32 // tasks that it is to have, as a person wants
	wished     []int32 // those that it has said when it rejoined last
	settled    bool    // what is done can be committed
	asked      bool    // it has rejoined, and waits for its part
	owes       bool    // it is to rejoin, when all is committed and given up
}

// enter makes the container's place, if it shares its stage.
func (c *Container) enter(ctx context.Context) error {
	s := c.cfg.Sharing
	if s == nil {
		return nil
	}
	d := divider{c.cfg.Stage, s.Standbys}
	m, err := s.Group.Join(ctx, stream.GroupConfig{
		Group: c.cfg.Stage.Group, Instance: s.Instance, Topics: d.topics(), Assign: d.divide,
		SessionTimeout: s.SessionTimeout, Heartbeat: s.Heartbeat, RebalanceTimeout: s.RebalanceTimeout,
	})
	if err != nil {
		return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
	}
	c.place = &place{Membership: m, divider: d, owes: true}
	s.Wishes.Enter(c.cfg.Stage.Name, s.Instance)
	return nil
}

// mayCommit tells whether what is done can be committed now.
func (p *place) mayCommit() bool { return p == nil || p.settled }

// ready tells of news.
func (p *place) ready() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.Ready()
}

// producers are those of the members of the generation.
func (p *place) producers() map[string]bool {
	live := make(map[string]bool)
	if p != nil {
		for _, m := range p.share.Members {
			live[m.Producer] = true
		}
	}
	return live
}

// leaveTime is how long leaving the group may take.
const leaveTime = 5 * time.Second

// leave gives all up, so that others have it at once.
func (p *place) leave(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	if err := p.Leave(ctx); err != nil {
		log.Warn("the tasks can't be handed over at once", "error", err)
	}
}

// errLostPlace has a container go back to what is committed, and join its group anew.
var errLostPlace = errors.New("the group has gone on without this container")

// errNoPlace is the end of a container.
var errNoPlace = errors.New("it has no place in its group any more")

// attend takes in what is new of the group, and does what it asks for.
func (c *Container) attend(ctx context.Context) error {
	p := c.place
	if p == nil {
		return nil
	}
	for e := p.Poll(); e.Kind != stream.GroupUnchanged; e = p.Poll() {
		if err := p.take(e); err != nil {
			return fmt.Errorf("stage %s: %w", c.cfg.Stage.Name, err)
		}
		c.tell(e)
	}
	c.wish()
	if err := c.giveBack(ctx); err != nil {
		return err
	}
	if err := c.unfollow(false); err != nil {
		return err
	}
	if err := c.takeOn(ctx); err != nil {
		return err
	}
	c.follow(ctx)
	return nil
}

// tell tells others of an assignment.
func (c *Container) tell(e stream.GroupEvent) {
	if e.Kind != stream.GroupAssigned {
		return
	}
	s, p := c.cfg.Sharing, c.place
	s.Neighbours.hear(c.cfg.Stage.Name, s.Host, p.share.Members)
	if s.Told != nil && (p.told == nil || !slices.Equal(p.told, p.tasks)) {
		s.Told(c.cfg.Stage, p.tasks, len(p.share.Members))
	}
	p.told = append([]int32{}, p.tasks...)
	if len(p.tasks) == 0 {
		c.atWork()
	}
	// Of one that was back soon the group says what its life before has said.
	p.owes = p.owes || slices.ContainsFunc(p.share.Members, func(m neighbour) bool {
		return m.Producer == c.cfg.TransactionalID() && (m.Address != s.Address || m.Known != c.cfg.Stage.Tasks)
	})
}

// take takes one event in.
func (p *place) take(e stream.GroupEvent) error {
	switch e.Kind {
	case stream.GroupRebalancing:
		p.owes = true
	case stream.GroupAssigned:
		p.share = share{}
		if err := json.Unmarshal(e.Data, &p.share); err != nil {
			return fmt.Errorf("what the group's leader says can't be read: %w", err)
		}
		if p.share.Refused != "" {
			return errors.New(p.share.Refused)
		}
		p.generation, p.member, p.tasks = e.Generation, e.Member, p.divider.tasks(e.Partitions)
		p.settled, p.asked = true, false
		p.owes = p.owes || len(p.share.Gives) > 0
		p.answered()
	case stream.GroupLost:
		p.tasks, p.settled, p.asked, p.owes = nil, false, false, true
		return fmt.Errorf("%w: %w", errLostPlace, e.Err)
	case stream.GroupFailed:
		return fmt.Errorf("%w: %w", errNoPlace, e.Err)
	}
	return nil
}

// takeOn begins to open the tasks that the container is to have and hasn't.
func (c *Container) takeOn(ctx context.Context) error {
	var fresh []int32
	for _, id := range c.place.tasks {
		if !c.has(id) {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return c.begin(ctx, fresh)
}

// has tells whether a task runs here, or is about to.
func (c *Container) has(id int32) bool {
	return slices.ContainsFunc(c.tasks, func(t *task) bool { return t.ID == id }) ||
		slices.ContainsFunc(c.openings, func(o *opening) bool { return o.has(id) })
}
