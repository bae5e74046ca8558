package membership

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/gretestream/grete/stream"
)

// A Life is one run of an instance, from its start to its end.
type Life struct {
	ID      string
	Started time.Time
}

// newerThan reports whether a life is the one that continues if two have the same name.
// Both agree on it: of two that started in the same millisecond, the id decides.
func (l Life) newerThan(o Life) bool {
	return cmp.Or(cmp.Compare(l.Started.UnixMilli(), o.Started.UnixMilli()), cmp.Compare(l.ID, o.ID)) > 0
}

// A ReplacedError means that a newer process has joined the group as the same instance. It
// is final: a container that joined again would replace that process in turn.
type ReplacedError struct {
	Instance      string
	Host, Address string // of the newer process; the address may be ""
	Started       time.Time
	Here          string // host of this process
}

func (e *ReplacedError) Error() string {
	on := e.Host
	if e.Address != "" {
		on += ", " + e.Address
	}
	return fmt.Sprintf("instance %s of this process, on %s, was replaced by a process on %s, started at %s; give each process an -instance of its own, or a data directory of its own",
		e.Instance, e.Here, on, e.Started.UTC().Format(time.RFC3339))
}

// Unwrap makes the error final.
func (e *ReplacedError) Unwrap() error { return errFailed }

// Replaced returns a [ReplacedError] if the group has a newer process as this instance.
// known is false as long as the group doesn't show who its members are.
//
// The group also has another process as this instance when a request of an earlier one was
// delayed. That one is older.
func (m *Member) Replaced(ctx context.Context) (known bool, err error) {
	state, err := m.cfg.Group.Group(ctx, m.stage.Group)
	if err != nil {
		return false, err
	}
	for i := range state.Members {
		if s := &state.Members[i]; s.Instance == m.cfg.Instance {
			return state.State == stream.GroupIsStable, m.replacedBy(s)
		}
	}
	return true, nil
}

func (m *Member) replacedBy(s *stream.MemberState) error {
	var info memberInfo
	said := parse(s.Data, &info) == nil && info.Life != "" // members of earlier versions don't say
	other := Life{info.Life, time.UnixMilli(info.Started)}
	if !said || info.Life == m.cfg.Life.ID || !other.newerThan(m.cfg.Life) {
		return nil
	}
	return &ReplacedError{Instance: m.cfg.Instance, Host: info.Host, Address: info.Address, Started: other.Started, Here: m.cfg.Host}
}
