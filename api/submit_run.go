package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/ship"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// A submission is one call of submit.
type submission struct {
	*submitCommand
	app     *App
	console console
	cfg     nomad.Config

	client *nomad.Client
	plan   *scheduler.Plan
	// apart means that no container of the job as it runs may run beside one of this
	// version.
	apart bool
	dir   string       // where the program is built; "": nowhere
	serve *ship.Server // nil unless this process is where nodes get it from
}

// say writes a line for people.
func (s *submission) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.console.err, s.app.name+": "+format+"\n", args...)
}

// run registers the job. Until the proposal was confirmed nothing has changed on Nomad.
func (s *submission) run(ctx context.Context) (err error) {
	defer func() { err = s.cleanUp(err) }()
	if s.client, err = s.open(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.look, s.checkVariable, s.ship} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	p, err := s.propose(ctx)
	switch {
	case err != nil:
		return err
	case s.DryRun:
		s.say("nothing was registered")
		return nil
	case p.Changes():
		if p, err = s.register(ctx, p); err != nil || s.Detach {
			return err
		}
	}
	return s.where(ctx, p)
}

// register has Nomad run what was proposed, if it is confirmed, and waits until that is
// well, unless it is told not to.
func (s *submission) register(ctx context.Context, p *nomad.Proposal) (*nomad.Proposal, error) {
	p, err := s.confirm(ctx, p)
	if err != nil {
		return nil, err
	}
	evaluation, err := s.client.Register(ctx, p)
	if err != nil {
		return nil, err
	}
	if s.Detach {
		s.say("registered; status says how it is")
		return p, nil
	}
	return p, s.client.Await(ctx, p, evaluation, s.progress())
}

// cleanUp gives up what a submission has made.
func (s *submission) cleanUp(err error) error {
	if s.serve != nil {
		err = errors.Join(err, s.serve.Close())
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	if s.client != nil {
		s.client.Close()
	}
	return err
}

// look plans the job by the topics of the cluster, and compares it with that which runs, or
// ran last.
func (s *submission) look(ctx context.Context) (err error) {
	if err := s.checkVersion(ctx); err != nil {
		return err
	}
	o := scheduler.Options{Partitions: s.Partitions}
	if o.Containers, o.StageContainers, err = perStage("containers", s.Containers); err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	where, err := s.Kafka.options()
	if err != nil {
		return err
	}
	r, err := s.app.remote(ctx, s.console, *where, o)
	if err != nil {
		return err
	}
	defer func() { err = closing(err, r.system) }()
	before, err := recorded(ctx, r.system, r.plan)
	if s.plan = r.plan; err != nil || before == nil {
		return err
	}
	s.plan = r.plan.GoOn(before)
	v := compare.Plans(before, sameSize(r.plan, before))
	s.apart = v.Kind == compare.Restart || v.Kind == compare.Incompatible
	switch {
	case v.Kind == compare.Incompatible && !s.AcceptLoss:
		return fmt.Errorf("%s%w; -accept-loss has it run nevertheless", v.Text(), errRefused)
	case v.Kind != compare.Same:
		_, err = fmt.Fprint(s.console.err, v.Text())
	}
	return err
}

// sameSize is a plan with as many containers as another one has: how many there are on
// Nomad isn't recorded by containers, each of which has itself alone.
func sameSize(plan, before *scheduler.Plan) *scheduler.Plan {
	p := *plan
	p.Stages = slices.Clone(p.Stages)
	for i := range p.Stages {
		if was, err := before.Stage(p.Stages[i].Name); err == nil {
			p.Stages[i].Containers = was.Containers
		}
	}
	return &p
}

// checkVariable refuses a job whose containers would wait for their secrets.
func (s *submission) checkVariable(ctx context.Context) error {
	path, items := nomad.Variable(s.app.name, s.cfg)
	lacking, err := s.client.Lacking(ctx, s.app.name, s.cfg)
	if err != nil {
		// Who submits need not be somebody who knows the secrets.
		s.say("it isn't known whether the job's variable has all that it needs: %v", err)
		return nil
	}
	if len(lacking) > 0 {
		return fmt.Errorf("the Nomad Variable %s lacks %s, for which the containers would wait: put it there first: %s", path, strings.Join(lacking, ", "), s.putVariable(len(lacking) < len(items)))
	}
	return nil
}

// propose shows what would come of the job, and refuses one that can't run.
func (s *submission) propose(ctx context.Context) (*nomad.Proposal, error) {
	job, err := nomad.Job(s.plan, s.cfg)
	if err != nil {
		return nil, fmt.Errorf("%w; %w", err, errUsage)
	}
	p, err := s.client.Propose(ctx, job, len(s.Containers) == 0)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprint(s.console.err, p.Text())
	if err := p.Unplaceable(); err != nil {
		return nil, fmt.Errorf("%w\nnothing was registered", err)
	}
	return p, nil
}

// confirm asks whether to go on. What can't run beside this version is ended then, and
// Nomad is asked again.
func (s *submission) confirm(ctx context.Context, p *nomad.Proposal) (*nomad.Proposal, error) {
	question := "Register this?"
	ends := s.apart && p.Replaces()
	if ends {
		question = "All containers of the job as it runs are stopped first, as they can't run beside these; state is restored from the changelogs. Do this?"
	}
	if err := confirmed(s.console, s.Yes, question); err != nil || !ends {
		return p, err
	}
	err := s.visit(ctx, s.app, s.console, "", func(j *nomadJob) error {
		s.say("stops the job as it ran")
		return j.nomad.Stop(ctx, s.app.name, false, j.watch())
	})
	if err != nil {
		return nil, err
	}
	if p, err = s.client.ProposeAgain(ctx, p); err != nil {
		return nil, fmt.Errorf("the job as it ran is stopped, and nothing is registered in its place: %w", err)
	}
	return p, nil
}

// progress shows how far the stages are: a line for each that has come further, or doesn't.
func (s *submission) progress() func([]nomad.Progress) {
	said := make(map[string]bool)
	return func(all []nomad.Progress) {
		for _, p := range all {
			line := fmt.Sprintf("stage %s: %d of %d well, %d started", p.Stage, p.Healthy, p.Wanted, p.Placed)
			if p.Unwell > 0 {
				line += fmt.Sprintf(", %d failed", p.Unwell)
			}
			if p.Complaint != "" {
				line += "; " + p.Complaint
			}
			if !said[line] {
				s.say("%s", line)
			}
			said[line] = true
		}
	}
}

// where says where the job is asked.
func (s *submission) where(ctx context.Context, p *nomad.Proposal) error {
	places, err := s.client.Places(ctx, p)
	if err != nil {
		return err
	}
	for _, place := range places {
		for _, at := range place.Addresses {
			if _, err := fmt.Fprintf(s.console.out, "%s\thttp://%s\n", place.Stage, at); err != nil {
				return err
			}
		}
	}
	if s.serve != nil {
		s.say("nodes have got the program from here. One that needs it later, as when another is lost or the job is scaled, doesn't get it: submit again then, or give a store by -artifacts")
	}
	return nil
}
