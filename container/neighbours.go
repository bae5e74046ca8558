package container

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
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
		if members[i].Host != host && isLoopback(members[i].Address) {
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

// isLoopback tells whether HOST:PORT can be reached from its own machine alone.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
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
