package membership

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gretestream/grete/stream"
)

// Poll takes in the events of the group. It reports whether an assignment without any task
// was among them. After an error that [IsStale] the container must close everything; any
// other error is final.
func (m *Member) Poll() (idle bool, err error) {
	for e := m.group.Poll(); e.Kind != stream.GroupUnchanged; e = m.group.Poll() {
		if err := m.handle(e); err != nil {
			return idle, fmt.Errorf("stage %s: %w", m.stage.Name, err)
		}
		if e.Kind == stream.GroupAssigned {
			m.report()
			idle = idle || len(m.tasks) == 0
		}
	}
	m.takeRequests()
	return idle, nil
}

// handle takes in one event.
func (m *Member) handle(e stream.GroupEvent) error {
	switch e.Kind {
	case stream.GroupRebalancing:
		m.mustRejoin = true
	case stream.GroupAssigned:
		m.assignment = assignment{}
		if err := json.Unmarshal(e.Data, &m.assignment); err != nil {
			return fmt.Errorf("the assignment of the group's leader can't be parsed: %w", err)
		}
		if m.assignment.Refused != "" {
			return errors.New(m.assignment.Refused)
		}
		m.generation, m.id, m.tasks = e.Generation, e.Member, m.assignor.tasks(e.Partitions)
		m.settled, m.joining = true, false
		m.mustRejoin = m.mustRejoin || len(m.assignment.Revoked) > 0
		m.dropAnswered()
	case stream.GroupLost:
		m.tasks, m.settled, m.joining, m.mustRejoin = nil, false, false, true
		return fmt.Errorf("%w: %w", errLost, e.Err)
	case stream.GroupFailed:
		return fmt.Errorf("%w: %w", errFailed, e.Err)
	}
	return nil
}

// report tells the rest of the process about an assignment.
func (m *Member) report() {
	m.cfg.Peers.update(m.stage.Name, m.cfg.Host, m.assignment.Members)
	if m.cfg.OnAssigned != nil && (m.reported == nil || !slices.Equal(m.reported, m.tasks)) {
		m.cfg.OnAssigned(m.stage, m.tasks, len(m.assignment.Members))
	}
	m.reported = append([]int32{}, m.tasks...)
	// The group still has the data of the previous life of an instance that was restarted
	// within its session timeout.
	m.mustRejoin = m.mustRejoin || slices.ContainsFunc(m.assignment.Members, func(p peer) bool {
		return p.Producer == m.producer && (p.Address != m.cfg.Address || p.Known != m.stage.Tasks)
	})
}
