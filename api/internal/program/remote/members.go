package remote

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
)

// NameOf returns the name of a member. Members of another kind of client may have no
// lasting name.
func NameOf(m *membership.MemberView) string {
	if m.Instance == "" {
		return m.ID
	}
	return m.Instance
}

// Describe names a member and its host.
func Describe(m *membership.MemberView) string {
	if m.Host == "" {
		return NameOf(m)
	}
	return fmt.Sprintf("%s (%s)", NameOf(m), m.Host)
}

// Hosts returns the hosts of members, sorted, each once.
func Hosts(members []membership.MemberView) []string {
	var all []string
	for i := range members {
		all = append(all, members[i].Host)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ForeignError is the error of a stage whose group belongs to another kind of client.
func ForeignError(stage *scheduler.Stage, view *membership.GroupView) error {
	return fmt.Errorf("stage %s: group %s is used by another client (%s)", stage.Name, stage.Group, view.Foreign)
}

// Reachable returns an error if the HTTP API of a member can't be reached from this
// machine.
func Reachable(m *membership.MemberView) error {
	if m.Address == "" {
		return fmt.Errorf("%s, on %s, has no HTTP API (its -http is off)", NameOf(m), m.Host)
	}
	here, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("getting this machine's name: %w", err)
	}
	if u := (url.URL{Host: m.Address}); membership.IsLoopback(u.Hostname()) && m.Host != here {
		return fmt.Errorf("%s listens on the loopback address of %s: run this command there, or start it with -http HOST:PORT and a token", NameOf(m), m.Host)
	}
	return nil
}

// Addresses returns the addresses of the members that can be reached. If there are
// none it returns an error, which explains each of them.
func Addresses(members []membership.MemberView) (addresses []string, err error) {
	for i := range members {
		if unreachable := Reachable(&members[i]); unreachable != nil {
			err = errors.Join(err, unreachable)
		} else {
			addresses = append(addresses, members[i].Address)
		}
	}
	if len(addresses) > 0 {
		return addresses, nil
	}
	return nil, err
}
