package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/stream"
)

// A drainRound is what one has come to.
type drainRound struct {
	gone     bool   // no group has a member
	finished bool   // all have, and hold their inputs, and nothing is on its way
	left     string // what is waited for, in words
}

// A sight is who runs the job, as its groups know.
type sight struct {
	restless []string // stages whose groups aren't stable
	members  []membership.MemberView
	silent   int // of the members: that can't be told anything
}

// round looks at the job, and brings it a step further.
func (d *drain) round(ctx context.Context) (drainRound, error) {
	ctx, cancel := context.WithTimeout(ctx, httpapi.DrainLease-drainPatience)
	defer cancel()
	s, err := d.sight(ctx)
	if err != nil || len(s.members)+len(s.restless) == 0 {
		return drainRound{gone: err == nil}, err
	}
	held, err := d.hold(ctx, s.members)
	switch {
	case err != nil:
		return drainRound{}, err
	case len(s.restless) > 0:
		return drainRound{left: "waiting for the groups to come to rest: " + strings.Join(s.restless, ", ")}, nil
	case s.silent > 0:
		return drainRound{left: fmt.Sprintf("%d containers can't be told to hold their inputs", s.silent)}, nil
	case held < len(s.members) && d.asked:
		return drainRound{left: fmt.Sprintf("waiting for %d containers to leave their groups", len(s.members))}, nil
	}
	left, err := d.underWay(ctx)
	if held < len(s.members) {
		left = fmt.Sprintf("%d of %d containers have stopped reading the inputs and have committed all; %s", held, len(s.members), cmp.Or(left, "nothing that is committed is on its way"))
	}
	if err != nil || left != "" {
		return drainRound{left: left}, err
	}
	if d.end == nil {
		d.asked = true
		d.stop(ctx)
	}
	return drainRound{finished: true, left: "nothing is on its way any more; waiting for the processes to end"}, nil
}

// sight looks at the groups of all stages.
func (d *drain) sight(ctx context.Context) (s sight, err error) {
	for i := range d.plan.Stages {
		stage := &d.plan.Stages[i]
		view, err := d.look(ctx, stage)
		switch {
		case err != nil:
			return s, err
		case view.Foreign != "":
			return s, fmt.Errorf("stage %s: another kind of client (%s) uses its group %s", stage.Name, view.Foreign, stage.Group)
		case view.State != stream.GroupIsStable && len(view.Members) > 0:
			s.restless = append(s.restless, stage.Name)
			continue // nothing is known of its members
		}
		for j := range view.Members {
			m := &view.Members[j]
			if err := reachable(m); err != nil {
				s.silent++
				d.once(silent(m, err))
			} else {
				d.known[m.Address] = true
			}
		}
		s.members = append(s.members, view.Members...)
	}
	return s, nil
}

// hold tells all processes to hold their inputs, at once, and returns how many of the
// members do and have committed: all of a process, or none. Those that are gone are
// asked no more. The error is that of one who doesn't let itself be told by this
// command.
func (d *drain) hold(ctx context.Context, members []membership.MemberView) (held int, refused error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, address := range slices.Collect(maps.Keys(d.known)) {
		of := slices.DeleteFunc(slices.Clone(members), func(m membership.MemberView) bool { return m.Address != address })
		all.Go(func() {
			var a httpapi.Drain
			err := d.post(ctx, address, httpapi.DrainPath, &a)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && a.Held == a.Containers && a.Held >= len(of):
				held += len(of)
			case err != nil && len(of) == 0:
				delete(d.known, address)
			case refuses(err):
				refused = err
			case err != nil && !d.asked && ctx.Err() == nil:
				d.once(silent(&of[0], err))
			}
		})
	}
	all.Wait()
	return held, refused
}

// refuses tells whether a process wants another token.
func refuses(err error) bool {
	failed := (*jobError)(nil)
	return errors.As(err, &failed) && (failed.status == http.StatusUnauthorized || failed.status == http.StatusForbidden)
}

// stop asks all processes to end. Who doesn't hear it is asked in the next round.
func (d *drain) stop(ctx context.Context) {
	var all sync.WaitGroup
	for address := range d.known {
		all.Go(func() {
			var a httpapi.Stop
			_ = d.post(ctx, address, httpapi.StopPath, &a)
		})
	}
	all.Wait()
}
