package submit

import (
	"context"
	"fmt"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/nomad"
)

// A submission registers a planned job whose program the nodes can fetch.
type submission struct {
	flags   *Command
	job     planned
	console program.Console
	client  *nomad.Client
	cfg     nomad.Config
}

// run proposes the job and registers it, if that changes anything and the user
// confirms. It returns what now runs, and nil if it doesn't wait for it.
func (s *submission) run(ctx context.Context) (*nomad.Proposal, error) {
	p, err := s.propose(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.flags.DryRun:
		s.console.Say("nothing was registered")
		return nil, nil
	case !p.Changes():
		return p, nil
	}
	if p, err = s.confirm(ctx, p); err != nil {
		return nil, err
	}
	evaluation, err := s.client.Register(ctx, p)
	if err != nil {
		return nil, err
	}
	if s.flags.Detach {
		s.console.Say("registered; follow it with status")
		return nil, nil
	}
	return p, s.client.Await(ctx, p, evaluation, s.progress())
}

// propose shows what the job would change, and refuses one that can't run.
func (s *submission) propose(ctx context.Context) (*nomad.Proposal, error) {
	job, err := nomad.Job(s.job.plan, s.cfg)
	if err != nil {
		return nil, program.Usage(err)
	}
	p, err := s.client.Propose(ctx, job, len(s.flags.Containers) == 0)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprint(s.console.Err, p.Text())
	if err := p.Unplaceable(); err != nil {
		return nil, fmt.Errorf("%w\nnothing was registered", err)
	}
	return p, nil
}

// confirm asks whether to go on. It then stops a running version that can't run beside
// this one, and proposes the job again.
func (s *submission) confirm(ctx context.Context, p *nomad.Proposal) (*nomad.Proposal, error) {
	question := "Register this?"
	stops := s.job.apart && p.Replaces()
	if stops {
		question = "All containers of the running version are stopped first, since they can't run beside the new ones; state is restored from the changelogs. Do this?"
	}
	if err := s.console.Confirm(s.flags.Yes, question); err != nil || !stops {
		return p, err
	}
	s.console.Say("stopping the running version")
	if err := s.flags.Nomad.Stop(ctx, s.console); err != nil {
		return nil, err
	}
	p, err := s.client.ProposeAgain(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("the running version is stopped, and no other is registered in its place: %w", err)
	}
	return p, nil
}

// progress shows the progress of stages: a line when it changes.
func (s *submission) progress() func([]nomad.Progress) {
	said := make(map[string]bool)
	return func(all []nomad.Progress) {
		for _, p := range all {
			line := fmt.Sprintf("stage %s: %d of %d healthy, %d started", p.Stage, p.Healthy, p.Wanted, p.Placed)
			if p.Unhealthy > 0 {
				line += fmt.Sprintf(", %d failed", p.Unhealthy)
			}
			if p.Complaint != "" {
				line += "; " + p.Complaint
			}
			if !said[line] {
				s.console.Say("%s", line)
			}
			said[line] = true
		}
	}
}

// showAddresses prints the addresses of the job's HTTP API. hosted means that nodes have
// fetched the program from this process, which is about to exit.
func (s *submission) showAddresses(ctx context.Context, p *nomad.Proposal, hosted bool) error {
	places, err := s.client.Places(ctx, p)
	if err != nil {
		return err
	}
	for _, place := range places {
		for _, at := range place.Addresses {
			if _, err := fmt.Fprintf(s.console.Out, "%s\thttp://%s\n", place.Stage, at); err != nil {
				return err
			}
		}
	}
	if hosted {
		s.console.Say("nodes have fetched the program from this process, which exits now. A node that needs it later, because another is lost or the job is scaled, can't fetch it: submit again then, or add an artifact store with -artifacts")
	}
	return nil
}
