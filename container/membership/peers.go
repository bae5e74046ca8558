package membership

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

// Peers know which process of a job has which task, from the newest assignments of the
// containers of this process. The zero value knows nothing. They are safe for concurrent
// use.
type Peers struct {
	mu     sync.Mutex
	stages map[string][]peer
}

// update takes in an assignment of a container on this host.
func (p *Peers) update(stage, host string, members []peer) {
	if p == nil {
		return
	}
	members = slices.Clone(members)
	for i := range members {
		at, _, err := net.SplitHostPort(members[i].Address)
		if err == nil && members[i].Host != host && IsLoopback(at) {
			members[i].Address = "" // the loopback interface of another machine
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stages == nil {
		p.stages = make(map[string][]peer)
	}
	p.stages[stage] = members
}

// Observe takes in the state of a stage's group as a process on this host sees it that has
// no container of the stage. A group that is rebalancing shows no assignments; then the
// previous ones stay.
func (p *Peers) Observe(stage *scheduler.Stage, host string, state stream.GroupState) {
	v := ViewGroup(stage, state)
	if v.Foreign != "" || len(v.Members) > 0 && v.State != stream.GroupIsStable {
		return
	}
	members := make([]peer, len(v.Members))
	for i := range v.Members {
		members[i] = peer{Host: v.Members[i].Host, Address: v.Members[i].Address, Tasks: v.Members[i].Tasks}
	}
	p.update(stage.Name, host, members)
}

// IsLoopback reports whether a host, a name or an address, is by its very name this
// machine's loopback interface.
func IsLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// Owner returns the address of the HTTP API of a task's owner; "" if no owner is known, or
// it can't be reached. Whether that is this process the caller knows.
func (p *Peers) Owner(stage string, task int32) (address string, here bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.stages[stage] {
		if slices.Contains(m.Tasks, task) {
			return m.Address, false
		}
	}
	return "", false
}

// Restoring always returns false: only its owner knows whether a task is being restored.
func (p *Peers) Restoring(string, int32) (left int64, expected time.Duration, restoring bool) {
	return 0, 0, false
}

// Processes returns the addresses of all processes.
func (p *Peers) Processes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, s := range p.stages {
		for _, m := range s {
			if m.Address != "" && !slices.Contains(all, m.Address) {
				all = append(all, m.Address)
			}
		}
	}
	return all
}
