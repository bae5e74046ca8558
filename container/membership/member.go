package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// A Member is a container's membership in the group of its stage. The group says which
// tasks the container owns. Results can be committed only as a member of a generation, so
// there is a time in which nothing can be: from when the member rejoins until its next
// assignment. Tasks that it keeps go on meanwhile.
//
// Three orders keep two containers from doing the same work:
//
//   - A container that rejoins has committed before, or has gone back to its last commit,
//     and opens its producer again if it doesn't know the outcome of its last transaction.
//     So a member of a generation has no open work for tasks that it doesn't claim.
//   - A container that gets a task fences the producer of its last owner, unless that is a
//     member of the same generation, before it reads how far the owner came.
//   - A container that the group has dropped closes everything before it joins again.
//
// A nil Member belongs to a container with a fixed assignment. A Member belongs to the
// goroutine of its container.
type Member struct {
	cfg        Config
	stage      *scheduler.Stage
	producer   string // id of the container's producer
	log        *slog.Logger
	group      stream.Membership
	assignor   assignor
	generation int32
	id         string
	tasks      []int32 // that it owns
	last       []int32 // tasks of the last assignment; nil: there was none
	rebalances int64
	assignment assignment
	requests   []int32 // tasks that people want it to have
	requested  []int32 // those that it has told the leader when it rejoined last
	settled    bool    // results can be committed
	joining    bool    // it has rejoined and waits for its assignment
	mustRejoin bool    // once everything is committed and released
}

// Join makes a container a member of its stage's group. It joins with the first Rejoin.
func Join(ctx context.Context, cfg Config, stage *scheduler.Stage, producer string, log *slog.Logger) (*Member, error) {
	a := assignor{stage, cfg.Standbys, producer}
	group, err := cfg.Group.Join(ctx, stream.GroupConfig{
		Group: stage.Group, Instance: cfg.Instance, Topics: a.topics(), Assign: a.assign,
		SessionTimeout: cfg.SessionTimeout, Heartbeat: cfg.Heartbeat, RebalanceTimeout: cfg.RebalanceTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", stage.Name, err)
	}
	cfg.MoveRequests.Register(stage.Name, cfg.Instance)
	return &Member{cfg: cfg, stage: stage, producer: producer, log: log, group: group, assignor: a, mustRejoin: true}, nil
}

// MayCommit reports whether results can be committed now.
func (m *Member) MayCommit() bool { return m == nil || m.settled }

// Ready is signalled when Poll has an event.
func (m *Member) Ready() <-chan struct{} {
	if m == nil {
		return nil
	}
	return m.group.Ready()
}

// Producers returns the producer ids of the members of the generation. They must not be
// fenced.
func (m *Member) Producers() map[string]bool {
	live := make(map[string]bool)
	if m != nil {
		for _, p := range m.assignment.Members {
			live[p.Producer] = true
		}
	}
	return live
}

// Generation returns what commits name, so that the group refuses those of a member that
// it has dropped.
func (m *Member) Generation() (generation int32, member, instance string) {
	return m.generation, m.id, m.cfg.Instance
}

// leaveTimeout bounds how long leaving the group may take.
const leaveTimeout = 5 * time.Second

// Leave releases all tasks, so that they move to other members at once.
func (m *Member) Leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	if err := m.group.Leave(ctx); err != nil {
		m.log.Warn("leaving the group failed; the tasks move when the session times out", "error", err)
	}
}

// Close ends the membership. The group keeps the member's tasks for it until its session
// times out, unless it has left.
func (m *Member) Close() error {
	m.cfg.MoveRequests.Unregister(m.stage.Name, m.cfg.Instance)
	return m.group.Close()
}

// errLost makes a container go back to what is committed, and join its group again.
var errLost = errors.New("the group has gone on without this container")

// errFailed is final for a container.
var errFailed = errors.New("it isn't a member of its group any more")

// errRefused is final for a container: the job runs by an incompatible plan.
var errRefused = errors.New("this process is refused")

// IsRefused reports whether an error means that the group has refused the member. It must
// leave, or the group goes on waiting for it.
func IsRefused(err error) bool { return errors.Is(err, errRefused) }

// IsStale reports whether an error means that nothing can be committed because the group
// has gone on without the container, or has another member with the same instance name.
// The group says what is next.
func IsStale(err error) bool {
	if errors.Is(err, errFailed) {
		return false
	}
	return errors.Is(err, stream.ErrStaleGeneration) || errors.Is(err, stream.ErrReplaced) || errors.Is(err, errLost)
}

// Owns reports whether the group says that the container has a task.
func (m *Member) Owns(task int32) bool { return slices.Contains(m.tasks, task) }

// Tasks returns the tasks that the container owns. The caller must not change them.
func (m *Member) Tasks() []int32 { return m.tasks }

// ToFollow returns the tasks whose state the container is to keep close behind their
// owners, ascending: its standbys, and the ones that it is to get soon.
func (m *Member) ToFollow() []int32 {
	if len(m.stage.Stores) == 0 {
		return nil
	}
	tasks := slices.Concat(m.assignment.Standbys, m.assignment.Coming)
	tasks = slices.DeleteFunc(tasks, m.Owns)
	slices.Sort(tasks)
	return slices.Compact(tasks)
}
