package drain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/remote"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
)

// A drain is that of a whole job as it runs: by the plan that it has recorded, which may
// differ from this program's.
type drain struct {
	job      *remote.Job // its plan is that of this program
	plan     *scheduler.Plan
	client   *jobclient.Client
	end      func(context.Context) error // stops the processes, once; nil: they are requested to stop until they have
	every    time.Duration
	terminal bool // a person is looking
	say      func(line string)

	known    map[string]bool // addresses of processes, as long as they respond
	said     map[string]bool
	shown    time.Time // when progress was shown last
	stopping bool      // the processes have been requested to stop
}

// drainEvery is the interval at which the job is polled and told to hold its inputs.
const drainEvery = time.Second

// requestTimeout bounds a request of a round, so that each process is reached before
// its lease expires.
const requestTimeout = httpapi.DrainLease / 3

func newDrain(j *remote.Job, on *Attached) (*drain, error) {
	plan, err := j.History.Last()
	if err != nil {
		return nil, err
	}
	if plan == nil {
		plan = j.Plan
	}
	return &drain{
		job: j, plan: plan, client: on.Client, end: on.Stop, every: drainEvery, say: func(string) {},
		known: make(map[string]bool), said: make(map[string]bool),
	}, nil
}

// run drains the job in rounds, until nobody runs it. Each round tells all processes to
// hold their inputs, including those that have started since. A round in which all of
// them do, and nothing is in flight, ends with the request to stop.
func (d *drain) run(ctx context.Context) error {
	tick := time.NewTicker(d.every)
	defer tick.Stop()
	left := "the job wasn't seen"
	for ran := false; ; ran = true {
		now, err := d.round(ctx)
		switch {
		case ctx.Err() != nil:
			return d.interrupted(ctx, left)
		case errors.Is(err, context.DeadlineExceeded):
			now.left = "the brokers take too long to respond"
		case err != nil:
			return err
		case now.gone && !ran:
			return errors.New("the job isn't running")
		case now.gone:
			return d.verify(ctx)
		}
		if now.finished && d.end != nil && !d.stopping {
			d.stopping = true
			if err := d.end(ctx); err != nil {
				return err
			}
		}
		left = now.left
		d.progress(left)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// interrupted describes a job that isn't drained when ctx is done.
func (d *drain) interrupted(ctx context.Context, left string) error {
	next := fmt.Sprintf("it resumes reading within %s", httpapi.DrainLease)
	if d.stopping {
		next = "its processes have been requested to stop; status shows which are left"
	}
	why := "the job isn't drained in time"
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "the job isn't drained"
	}
	return fmt.Errorf("%s: %s; %s", why, left, next)
}

// verify checks a job that nobody runs any more: a process that another client stopped,
// or that started at the last moment, may have left records in flight.
func (d *drain) verify(ctx context.Context) error {
	left, err := d.inFlight(ctx)
	if err != nil || left == "" {
		return err
	}
	n, err := d.records(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("all processes have stopped, but %s left in flight: another client has stopped a process, or started one; start the same version again, and drain it", verbed(n))
	}
	return err
}

// verbed counts records with a verb.
func verbed(n int) string {
	if n == 1 {
		return "1 record is"
	}
	return program.Plural(n, "record") + " are"
}

// progress shows now and then to a person how far the drain is.
func (d *drain) progress(left string) {
	if now := time.Now(); d.terminal && now.Sub(d.shown) >= 3*time.Second {
		d.shown = now
		d.say(left)
	}
}

// once says something that it hasn't said before.
func (d *drain) once(line string) {
	if line != "" && !d.said[line] {
		d.said[line] = true
		d.say(line)
	}
}

// post sends a request to a process.
func (d *drain) post(ctx context.Context, address, path string, response any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return d.client.Post(ctx, address, path, nil, response)
}

// unreachable describes a member that can't be told to hold its inputs.
func unreachable(m *membership.MemberView, err error) string {
	return fmt.Sprintf("waiting for %s to stop: %v. Unless it has stopped already, stop it with Ctrl-C there; to be drained it needs an -http HOST:PORT that this machine can reach", remote.Describe(m), err)
}
