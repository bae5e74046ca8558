package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
)

// drainCommand stops a job that has finished what is on its way. Its inputs stay where
// they are, and so does its state, open windows too: the job goes on later.
type drainCommand struct {
	TokenFile string        `name:"token-file" placeholder:"FILE" help:"A file with the job's token. GRETE_TOKEN is the token itself."`
	Timeout   time.Duration `default:"5m" help:"How long to wait; then it is said what is left, and the job goes on."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
	Nomad nomadFlags `embed:""`
}

func (d *drainCommand) Run(ctx context.Context, a *App, c console) error {
	on, err := d.Nomad.job(ctx, a, c, d.TokenFile)
	if err != nil {
		return err
	}
	defer on.close()
	err = d.Kafka.visit(ctx, a, c, func(r *remote) error {
		dr, err := r.newDrain(ctx, on.jobClient)
		if err != nil {
			return err
		}
		dr.terminal, dr.say = c.errIsTerminal, on.say
		if on.runs { // who is asked to end is started again
			dr.end = func(ctx context.Context) error { return on.nomad.Stop(ctx, a.name, false, on.watch()) }
		}
		ctx, cancel := context.WithTimeout(ctx, d.Timeout)
		defer cancel()
		if err := dr.drain(ctx); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, "drained: nothing is on its way between stages, and all processes have ended; the next start goes on where the inputs were left")
		return err
	})
	if errors.Is(err, errEmbedded) {
		return errDrainEmbedded
	}
	return err
}

var errDrainEmbedded = errors.New("there is no -kafka HOST:PORT that says which cluster to ask. A job on the embedded log is one process alone: " +
	"a run with -once processes all that there is and stops; Ctrl-C commits what is finished, and the next start goes on there")

// A drain is of a whole job, as it runs: by the plan that it has recorded, which needn't
// be that of this program.
type drain struct {
	*remote
	client   *jobClient
	every    time.Duration
	terminal bool // a person looks
	say      func(line string)
	// end has who runs the processes end them, once. nil: they are asked themselves,
	// until they have ended.
	end func(context.Context) error

	known map[string]bool // addresses of processes that there were, as long as they answer
	said  map[string]bool
	shown time.Time // when progress was said last
	asked bool      // processes have been asked to end
}

// drainEvery is how often the job is looked at, and told to hold its inputs.
const drainEvery = time.Second

// drainPatience bounds what is asked in a round, so that no process is left alone for
// longer than its lease.
const drainPatience = httpapi.DrainLease / 3

func (r *remote) newDrain(ctx context.Context, client *jobClient) (*drain, error) {
	runs, err := recorded(ctx, r.system, r.plan)
	if err != nil {
		return nil, err
	}
	if runs != nil {
		r.plan = runs
	}
	return &drain{remote: r, client: client, every: drainEvery, known: make(map[string]bool), said: make(map[string]bool)}, nil
}

// drain does it: round by round, until nobody runs the job any more. Each round tells
// all processes to hold their inputs, those that have come since among them; one in which
// they all do so, and nothing is on its way, ends with asking them to end.
func (d *drain) drain(ctx context.Context) error {
	tick := time.NewTicker(d.every)
	defer tick.Stop()
	left := "nothing was seen of it"
	for ran := false; ; ran = true {
		now, err := d.round(ctx)
		switch {
		case ctx.Err() != nil:
			return d.broken(ctx, left)
		case errors.Is(err, context.DeadlineExceeded):
			now.left = "the brokers take too long to answer"
		case err != nil:
			return err
		case now.gone && !ran:
			return errors.New("nobody runs it")
		case now.gone:
			return d.gone(ctx)
		}
		if now.finished && d.end != nil && !d.asked {
			d.asked = true
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

// broken says how a job is left that isn't drained.
func (d *drain) broken(ctx context.Context, left string) error {
	next := fmt.Sprintf("within %s it goes on reading", httpapi.DrainLease)
	if d.asked {
		next = "processes have been asked to end; status shows which are left"
	}
	why := "the job isn't drained in time"
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "the job isn't drained"
	}
	return fmt.Errorf("%s: %s; %s", why, left, next)
}

// gone looks once more at a job that nobody runs any more: a process that has ended by
// itself, or that has come at the last moment, may have left something.
func (d *drain) gone(ctx context.Context) error {
	left, err := d.underWay(ctx)
	if err != nil || left == "" {
		return err
	}
	n, err := d.records(ctx)
	if err == nil && n > 0 {
		err = fmt.Errorf("all processes have ended, and %d records are on their way still: somebody else has ended a process, or started one; start the same version again, and drain it", n)
	}
	return err
}

// progress says how far it is to a person who looks, now and then.
func (d *drain) progress(left string) {
	if now := time.Now(); d.terminal && now.Sub(d.shown) >= 3*time.Second {
		d.shown = now
		d.say(left)
	}
}

// once says something that hasn't been said before.
func (d *drain) once(line string) {
	if line != "" && !d.said[line] {
		d.said[line] = true
		d.say(line)
	}
}

// post has a process do something.
func (d *drain) post(ctx context.Context, address, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, drainPatience)
	defer cancel()
	return d.client.do(ctx, http.MethodPost, (&url.URL{Scheme: "http", Host: address}).JoinPath(path), answer)
}

// silent says of a member that it can't be told anything.
func silent(m *membership.MemberView, err error) string {
	return fmt.Sprintf("waiting for %s to end: %v. Unless it is gone already, stop it by Ctrl-C there; started with an -http HOST:PORT that can be reached from here it could be drained", named(m), err)
}
