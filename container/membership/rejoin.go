package membership

import (
	"encoding/json"
	"slices"
)

// MustRejoin reports whether the group waits for the member to rejoin, or the container
// has tasks that it doesn't own any more (releases). Then the container commits if it may,
// releases those tasks, and calls Rejoin.
func (m *Member) MustRejoin(releases bool) bool {
	m.mustRejoin = m.mustRejoin || releases
	return m.mustRejoin && !m.joining
}

// Rejoin enters the group's next generation with all tasks that the member owns. state is
// how much state of which tasks is on this machine; see [share.Member]. Until the next
// assignment nothing can be committed.
func (m *Member) Rejoin(state map[int32]int64) error {
	data, err := json.Marshal(m.info(state))
	if err != nil {
		return err
	}
	m.settled, m.joining, m.mustRejoin = false, true, false
	m.requested = slices.Clone(m.requests)
	m.group.Rejoin(m.assignor.partitions(m.tasks), data)
	return nil
}

// info is what the container tells the leader.
func (m *Member) info(state map[int32]int64) memberInfo {
	return memberInfo{
		Host: m.cfg.Host, Address: m.cfg.Address, Producer: m.producer, Compatibility: m.cfg.Compatibility, Admitted: m.rebalances > 0, Recorded: m.cfg.Recorded, Tasks: m.stage.Tasks,
		Life: m.cfg.Life.ID, Started: m.cfg.Life.Started.UnixMilli(),
		State: state, Coming: m.assignment.Coming, Standbys: m.assignment.Standbys, Requests: m.requests,
	}
}

// Doubt makes the member rejoin after a commit was refused. The group may never signal a
// rebalance by itself. After a coordinator that stood still was replaced, it refuses the
// members whose sessions have timed out by its own clock, while the new coordinator keeps
// them, as it has had their heartbeats meanwhile.
func (m *Member) Doubt() {
	if !m.joining {
		m.settled, m.mustRejoin = false, true
	}
}
