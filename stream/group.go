package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Grouper is a System with consumer groups: processes that share the
// partitions of a group's topics and take over from each other.
type Grouper interface {
	// Join creates a membership of a group. It joins the group at the first
	// Rejoin.
	Join(ctx context.Context, cfg GroupConfig) (Membership, error)
	// Group describes a group. The caller need not be a member. A group that
	// doesn't exist is empty.
	Group(ctx context.Context, name string) (GroupState, error)
}

// Errors of groups, for errors.Is.
var (
	// ErrStaleGeneration: the offsets weren't committed, because the group isn't in
	// the generation that they name, or is rebalancing. Those of partitions that
	// remain assigned may be committed with the membership's next generation.
	ErrStaleGeneration = errors.New("the group has moved to another generation")
	// ErrReplaced: another process has joined the group as the same instance. Stop.
	ErrReplaced = errors.New("another process has joined the group as the same instance")
	// ErrExpired: the session timed out and the group continued without the member.
	// Its partitions may belong to other members.
	ErrExpired = errors.New("the group has continued without this member")
)

// GroupConfig configures a member of a group.
type GroupConfig struct {
	Group string
	// Instance identifies the member across restarts. A member that comes back
	// within SessionTimeout keeps its assignment, without a rebalance. A second
	// process with the same instance replaces the first. "" makes a new member at
	// each start.
	Instance string
	// Topics are the topics whose partitions the group shares.
	Topics []string
	// SessionTimeout is how long the group keeps a member without a heartbeat; 0
	// means 10 s. Heartbeat is the interval between heartbeats; 0 means 500 ms. It
	// should be at most a third of SessionTimeout.
	SessionTimeout, Heartbeat time.Duration
	// RebalanceTimeout is how long the group waits for members to rejoin; 0 means
	// 15 s. A member that doesn't rejoin in time is lost to the group.
	RebalanceTimeout time.Duration
	// Assign distributes the partitions when this member leads a generation. It
	// runs in a goroutine of the membership and must return well within
	// SessionTimeout. Members are sorted by instance and id; at most one of them
	// owns a partition. Assign need not handle hand-overs: a partition that moves
	// is withheld from its new member until the owner has rejoined without it. An
	// error ends the membership.
	Assign func(members []GroupMember) ([]GroupAssignment, error)
}

// Check returns the configuration with its defaults filled in, or an error if it
// is invalid.
func (c GroupConfig) Check() (GroupConfig, error) {
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&c.SessionTimeout, 10 * time.Second}, {&c.Heartbeat, 500 * time.Millisecond}, {&c.RebalanceTimeout, 15 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.def
		}
		if *d.value < time.Millisecond {
			return c, fmt.Errorf("group %s: a timeout or heartbeat of %s is too short: at least 1ms is needed", c.Group, *d.value)
		}
	}
	switch {
	case c.Group == "":
		return c, errors.New("the membership has no group")
	case c.Assign == nil:
		return c, fmt.Errorf("group %s: Assign is missing", c.Group)
	case c.Heartbeat > c.SessionTimeout/2:
		return c, fmt.Errorf("group %s: a heartbeat every %s is too slow for a session timeout of %s: at least two must fit into it", c.Group, c.Heartbeat, c.SessionTimeout)
	}
	return c, nil
}

// A GroupMember describes a member to its leader.
type GroupMember struct {
	ID       string // assigned by the group; a restarted member gets a new one
	Instance string // "" if it has none
	Data     []byte // from its Rejoin
	Owned    []TopicPartition
	// Generation is the generation that assigned Owned; -1 if there is none.
	Generation int32
}

// A GroupAssignment is a member's share.
type GroupAssignment struct {
	Member     string // its ID
	Partitions []TopicPartition
	Data       []byte // for its GroupEvent
}

// A Membership is one member's place in a group. It sends heartbeats from a
// goroutine of its own, whatever the user does meanwhile. It belongs to one
// goroutine, except for Ready's channel.
type Membership interface {
	// Poll returns the next event without blocking.
	Poll() GroupEvent
	// Ready returns a channel that is signalled when Poll may have an event again
	// after it returned none. Sends don't block; spurious signals are allowed.
	Ready() <-chan struct{}
	// Rejoin joins the group's next generation with the partitions that the member
	// still owns and data for the leader. Call it once at the start, after
	// GroupRebalancing, after GroupLost (owning nothing), and after giving up
	// partitions that are no longer assigned. GroupAssigned follows. Rejoin does
	// nothing if GroupLost is the next event. It copies both arguments.
	Rejoin(owned []TopicPartition, data []byte)
	// RequestRebalance asks the group for another generation. All members get
	// GroupRebalancing, including this one.
	RequestRebalance()
	// Leave ends the membership and releases all partitions, including those of an
	// earlier run of this instance, so that the other members take over
	// immediately. After an error they take over when the session times out.
	Leave(ctx context.Context) error
	// Close ends the membership and leaves the group unchanged: an instance that
	// comes back within the session timeout keeps its assignment.
	Close() error
}

// GroupEventKind is the kind of a GroupEvent.
type GroupEventKind int8

const (
	// GroupUnchanged: there is no event.
	GroupUnchanged GroupEventKind = iota
	// GroupRebalancing: the group is moving to another generation. Commit now:
	// commits fail from the rebalance until GroupAssigned. Then Rejoin within the
	// rebalance timeout. Owned partitions may still be processed.
	GroupRebalancing
	// GroupAssigned: a generation has started, with the member's whole assignment.
	// Give up owned partitions that aren't part of it and then Rejoin, so that
	// another member can take them. The event may come again for the same
	// generation. An instance that was restarted before it gave up a partition
	// gets no hint of it but Data: Assign should say there that the member must
	// Rejoin, or the partition remains without a member.
	GroupAssigned
	// GroupLost: the group has continued without this member. It owns nothing, and
	// work since its last commit can't be committed. Rejoin once everything is
	// given up.
	GroupLost
	// GroupFailed: the membership has ended; Err is the reason.
	GroupFailed
)

// A GroupEvent is a change of a membership.
type GroupEvent struct {
	Kind GroupEventKind
	// Generation, Member, Partitions and Data belong to GroupAssigned. Commits name
	// the first two, see [GroupOffsets].
	Generation int32
	Member     string
	Partitions []TopicPartition
	Data       []byte
	// Members are the ids of all members, if this member leads the generation.
	Members []string
	// Err is the reason of GroupLost and GroupFailed.
	Err error
}

// A GroupState describes a group to an observer.
type GroupState struct {
	State GroupCondition
	// ProtocolType and Protocol tell whose group it is; Grete's have "consumer" and
	// "grete". Both may be "" while the group is empty; Protocol is "" while it is
	// rebalancing.
	ProtocolType, Protocol string
	// Members are sorted by instance and id.
	Members []MemberState
}

// A GroupCondition is the state of a group.
type GroupCondition string

const (
	// GroupIsEmpty: the group has no members or doesn't exist. A new group may look
	// empty until its first assignment.
	GroupIsEmpty GroupCondition = "empty"
	// GroupIsRebalancing: the group is moving to another generation. The data and
	// assignments of its members are hidden until it is stable.
	GroupIsRebalancing GroupCondition = "rebalancing"
	// GroupIsStable: everything is assigned.
	GroupIsStable GroupCondition = "stable"
)

// A MemberState describes a member to an observer. A dead member remains until
// its session times out.
type MemberState struct {
	ID       string // assigned by the group; a restarted member gets a new one
	Instance string // "" if it has none
	ClientID string // the name that its client reports
	Host     string // its address as seen by the group
	// Data is from its Rejoin; Assignment is its current share. Both are empty
	// while the group is rebalancing, and for other kinds of clients.
	Data       []byte
	Assignment GroupAssignment
}
