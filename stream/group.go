package stream

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Grouper is a System whose groups have members: processes that share the
// partitions of a group's topics, and take over from each other.
type Grouper interface {
	// Join makes a membership of a group. It joins at the first Rejoin.
	Join(ctx context.Context, cfg GroupConfig) (Membership, error)
	// Group looks at a group, of which the caller need be no member. One that doesn't
	// exist is empty.
	Group(ctx context.Context, name string) (GroupState, error)
}

// Errors of groups, matched with errors.Is.
var (
	// ErrStaleGeneration: offsets weren't committed, because the group is in another
	// generation than they say, or between two. They may be committed with the next
	// one that the membership gets, of what is assigned to it still.
	ErrStaleGeneration = errors.New("the group has gone on to another generation")
	// ErrReplaced: another process has joined the group as the same instance. Stop.
	ErrReplaced = errors.New("another process has joined the group as the same instance")
	// ErrExpired: the group has gone on without the member, which it hasn't heard of
	// in time. Whatever was assigned to it may belong to others.
	ErrExpired = errors.New("the group has gone on without this member")
)

// GroupConfig says who joins which group.
type GroupConfig struct {
	Group string
	// Instance names the member over its restarts: one that is back within
	// SessionTimeout has what it had, and the others don't notice. A second process
	// with the same name replaces the first. "": a new member at each start.
	Instance string
	// Topics are those whose partitions are shared.
	Topics []string
	// SessionTimeout is for how long the group keeps a member that isn't heard of; 0
	// means 10 s. Heartbeat is how often it is heard of; 0 means 500 ms, and at most
	// a third of SessionTimeout is right.
	SessionTimeout, Heartbeat time.Duration
	// RebalanceTimeout is for how long the group waits for members to rejoin; 0 means
	// 15 s. Who doesn't is Lost.
	RebalanceTimeout time.Duration
	// Assign says who is to have what, when this member is its generation's leader. It
	// runs in a goroutine of the membership's, well within SessionTimeout. Members come
	// in the order of their instances and ids; a partition is owned by one of them at
	// most. It needn't care for hand-overs: what one member owns and another one is to
	// have is withheld until the owner has rejoined without it. An error ends the
	// membership.
	Assign func(members []GroupMember) ([]GroupAssignment, error)
}

// Check returns the configuration with its defaults filled in, or what is wrong
// with it.
func (c GroupConfig) Check() (GroupConfig, error) {
	for _, d := range []struct {
		value   *time.Duration
		without time.Duration
	}{{&c.SessionTimeout, 10 * time.Second}, {&c.Heartbeat, 500 * time.Millisecond}, {&c.RebalanceTimeout, 15 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.without
		}
		if *d.value < time.Millisecond {
			return c, fmt.Errorf("group %s: a time of %s: at least a millisecond is needed", c.Group, *d.value)
		}
	}
	switch {
	case c.Group == "":
		return c, errors.New("a membership without a group")
	case c.Assign == nil:
		return c, fmt.Errorf("group %s: a member must be able to assign", c.Group)
	case c.Heartbeat > c.SessionTimeout/2:
		return c, fmt.Errorf("group %s: a heartbeat each %s is too slow for a session time-out of %s: it must be heard of twice", c.Group, c.Heartbeat, c.SessionTimeout)
	}
	return c, nil
}

// A GroupMember is what a leader knows of a member.
type GroupMember struct {
	ID       string // of this member's life
	Instance string // "" if it has none
	Data     []byte // what it said in Rejoin
	Owned    []TopicPartition
	// Generation is that of the assignment from which Owned comes; -1 if it had none.
	Generation int32
}

// A GroupAssignment is what a member is to have.
type GroupAssignment struct {
	Member     string // its ID
	Partitions []TopicPartition
	Data       []byte // for its GroupEvent
}

// A Membership is one member's place in a group. Heartbeats go on in a goroutine of
// its own, whatever its user does meanwhile. It belongs to one goroutine, but for
// Ready's channel.
type Membership interface {
	// Poll returns what is new, without waiting.
	Poll() GroupEvent
	// Ready gets a token, without blocking the sender, when Poll may have something
	// again after it returned nothing. Spurious tokens are allowed.
	Ready() <-chan struct{}
	// Rejoin joins the group, or takes part in its next generation: with what is
	// owned, that is assigned and not given up, and data for the leader. It is called
	// first, and after Rebalancing and Lost (after Lost owning nothing), and when a
	// member has given up what it shall not have any more. Then Assigned comes. Where
	// Lost is the next event it does nothing. Both are copied.
	Rejoin(owned []TopicPartition, data []byte)
	// RequestRebalance has the group go on to another generation, if only the others
	// rejoin: also this member gets Rebalancing.
	RequestRebalance()
	// Leave gives everything up, also what a former life of the instance has, so that
	// the others take over at once, and ends the membership. After an error they do so when the session times out.
	Leave(ctx context.Context) error
	// Close ends the membership and leaves the group as it is: an instance that is
	// back within the session time-out has what it had.
	Close() error
}

// GroupEventKind says what has happened.
type GroupEventKind int8

const (
	// GroupUnchanged: there is nothing new.
	GroupUnchanged GroupEventKind = iota
	// GroupRebalancing: the group goes on to another generation. Commit, as nothing
	// can be committed until Assigned comes, and Rejoin within the rebalance time-out;
	// what is owned may be worked on.
	GroupRebalancing
	// GroupAssigned: this is a generation of the group, and this is all that the member
	// has in it. What it owned and isn't among it is to be given up: then Rejoin, so
	// that somebody else can have it. It may come for the same generation again.
	GroupAssigned
	// GroupLost: the group has gone on without this member; nothing is owned any more,
	// and what was done since the last commit can't be committed. Rejoin when all is
	// given up.
	GroupLost
	// GroupFailed: the membership is over, for the reason in Err.
	GroupFailed
)

// A GroupEvent is news of a membership.
type GroupEvent struct {
	Kind GroupEventKind
	// Of GroupAssigned, for commits; Member and Generation go into [GroupOffsets].
	Generation int32
	Member     string
	Partitions []TopicPartition
	Data       []byte
	// Members are the ids of all members, if this one has led the generation.
	Members []string
	// Err is the reason of GroupLost and GroupFailed.
	Err error
}

// A GroupState is what can be seen of a group from outside.
type GroupState struct {
	State GroupCondition
	// ProtocolType and Protocol say whose group it is: those of Grete's have "consumer"
	// and "grete". They may be "" while the group is empty, and Protocol is while it is
	// rebalancing.
	ProtocolType, Protocol string
	// Members come in the order of their instances and ids.
	Members []MemberState
}

// A GroupCondition is what a group is up to.
type GroupCondition string

const (
	// GroupIsEmpty: it has no members, or there is no such group. One that has only
	// begun may look so until it has its first assignment.
	GroupIsEmpty GroupCondition = "empty"
	// GroupIsRebalancing: it is on its way to another generation. What members have
	// said, and what they have, isn't to be seen until it is stable.
	GroupIsRebalancing GroupCondition = "rebalancing"
	// GroupIsStable: everything is assigned.
	GroupIsStable GroupCondition = "stable"
)

// A MemberState is what can be seen of a member. One that has died is there until
// its session is over.
type MemberState struct {
	ID       string // of this member's life
	Instance string // "" if it has none
	ClientID string // what its client calls itself
	Host     string // its address, as the group has seen it
	// Data is what it said in Rejoin, and Assignment what its leader has given it, with
	// the data that came with it. There is neither while the group is rebalancing, nor
	// of another kind of client: that is no error.
	Data       []byte
	Assignment GroupAssignment
}
