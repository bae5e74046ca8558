package drain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/stream"
)

// A round is the outcome of one.
type round struct {
	gone     bool   // no group has a member
	finished bool   // all members hold their inputs, and nothing is in flight
	left     string // what it waits for, in words
}

// A sighting is who runs the job, as its groups know.
type sighting struct {
	unstable []string // stages whose groups aren't stable
	members  []membership.MemberView
	silent   int // number of members that can't be told anything
}

// round polls the job, and brings it a step further.
func (d *drain) round(ctx context.Context) (round, error) {
	ctx, cancel := context.WithTimeout(ctx, httpapi.DrainLease-requestTimeout)
	defer cancel()
	s, err := d.look(ctx)
	if err != nil || len(s.members)+len(s.unstable) == 0 {
		return round{gone: err == nil}, err
	}
	held, err := d.hold(ctx, s.members)
	switch {
	case err != nil:
		return round{}, err
	case len(s.unstable) > 0:
		return round{left: "waiting for the groups to settle: " + strings.Join(s.unstable, ", ")}, nil
	case s.silent > 0:
		return round{left: fmt.Sprintf("%d containers can't be told to hold their inputs", s.silent)}, nil
	case held < len(s.members) && d.stopping:
		return round{left: fmt.Sprintf("waiting for %d containers to leave their groups", len(s.members))}, nil
	}
	left, err := d.inFlight(ctx)
	if held < len(s.members) {
		left = fmt.Sprintf("%d of %d containers have stopped reading the inputs and have committed everything; %s", held, len(s.members), cmp.Or(left, "no committed record is in flight"))
	}
	if err != nil || left != "" {
		return round{left: left}, err
	}
	if d.end == nil {
		d.stopping = true
		d.stop(ctx)
	}
	return round{finished: true, left: "nothing is in flight; waiting for the processes to stop"}, nil
}

// look returns the members of all stages' groups.
func (d *drain) look(ctx context.Context) (s sighting, err error) {
	for i := range d.plan.Stages {
		stage := &d.plan.Stages[i]
		view, err := d.job.Look(ctx, stage)
		switch {
		case err != nil:
			return s, err
		case view.Foreign != "":
			return s, remote.ForeignError(stage, &view)
		case view.State != stream.GroupIsStable && len(view.Members) > 0:
			s.unstable = append(s.unstable, stage.Name)
			continue // its members are unknown
		}
		for j := range view.Members {
			m := &view.Members[j]
			if err := remote.Reachable(m); err != nil {
				s.silent++
				d.once(unreachable(m, err))
			} else {
				d.known[m.Address] = true
			}
		}
		s.members = append(s.members, view.Members...)
	}
	return s, nil
}

// hold tells all processes at once to hold their inputs, and returns the number of
// members that do and have committed: all members of a process, or none. It forgets
// processes that are gone. The error is that of a process which refuses the command.
func (d *drain) hold(ctx context.Context, members []membership.MemberView) (held int, refused error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, address := range slices.Collect(maps.Keys(d.known)) {
		of := slices.DeleteFunc(slices.Clone(members), func(m membership.MemberView) bool { return m.Address != address })
		all.Go(func() {
			var response httpapi.Drain
			err := d.post(ctx, address, httpapi.DrainPath, &response)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && response.Held == response.Containers && response.Held >= len(of):
				held += len(of)
			case err != nil && len(of) == 0:
				delete(d.known, address)
			case jobclient.IsRefused(err):
				refused = err
			case err != nil && !d.stopping && ctx.Err() == nil:
				d.once(unreachable(&of[0], err))
			}
		})
	}
	all.Wait()
	return held, refused
}

// stop requests all processes to stop. Those that miss it get the request again in the
// next round.
func (d *drain) stop(ctx context.Context) {
	var all sync.WaitGroup
	for address := range d.known {
		all.Go(func() {
			var response httpapi.Stop
			_ = d.post(ctx, address, httpapi.StopPath, &response)
		})
	}
	all.Wait()
}
