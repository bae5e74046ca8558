package container

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// Neighbours know which process of a job has which task, by the newest assignments
// that have come to the containers of this one. The zero value knows nothing. They are
// safe for concurrent use.
type Neighbours struct {
	mu     sync.Mutex
	stages map[string][]neighbour
}

// hear takes in an assignment that has come to a container on this host.
func (n *Neighbours) hear(stage, host string, members []neighbour) {
	if n == nil {
		return
	}
	members = slices.Clone(members)
	for i := range members {
		at, _, err := net.SplitHostPort(members[i].Address)
		if err == nil && members[i].Host != host && IsLoopback(at) {
			members[i].Address = "" // it is another machine's
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stages == nil {
		n.stages = make(map[string][]neighbour)
	}
	n.stages[stage] = members
}

// See takes in what is seen of a stage's group from outside, on this host: by a process
// that has no container of the stage. While the group shares its tasks anew nothing is
// known of its members, and who had a task is taken to have it still.
func (n *Neighbours) See(stage *scheduler.Stage, host string, state stream.GroupState) {
	v := ViewGroup(stage, state)
	if v.Foreign != "" || len(v.Members) > 0 && v.State != stream.GroupIsStable {
		return
	}
	members := make([]neighbour, len(v.Members))
	for i := range v.Members {
		members[i] = neighbour{Host: v.Members[i].Host, Address: v.Members[i].Address, Tasks: v.Members[i].Tasks}
	}
	n.hear(stage.Name, host, members)
}

// IsLoopback tells whether a host, a name or an address, is this machine's loopback
// interface by its very name.
func IsLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// Owner returns the address at which the owner of a task is asked; "" if nobody is
// known to have it, or it can't be asked.
func (n *Neighbours) Owner(stage string, task int32) (address string, here bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.stages[stage] {
		if slices.Contains(m.Tasks, task) {
			return m.Address, false // whose address it is, who asks knows
		}
	}
	return "", false
}

// Restoring tells nothing: what isn't open here, its owner knows.
func (n *Neighbours) Restoring(string, int32) (left int64, expected time.Duration, restoring bool) {
	return 0, 0, false
}

// Processes returns the addresses of all processes.
func (n *Neighbours) Processes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for _, s := range n.stages {
		for _, m := range s {
			if m.Address != "" && !slices.Contains(all, m.Address) {
				all = append(all, m.Address)
			}
		}
	}
	return all
}
