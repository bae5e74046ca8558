package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
)

// moveCommand moves a task to another process. The group decides, as always: who is to
// have the task asks for it.
type moveCommand struct {
	Task      string        `arg:"" name:"stage/task" help:"The task, as status shows it: STAGE/NUMBER, or the number alone if there is one stage."`
	To        string        `arg:"" name:"instance-or-host" help:"Who is to have it: an instance, or the one with the fewest tasks on a host."`
	TokenFile string        `name:"token-file" placeholder:"FILE" help:"A file with the job's token. GRETE_TOKEN is the token itself."`
	Timeout   time.Duration `default:"1m" help:"How long to wait until the task is there."`

	Kafka kafkaFlags `embed:"" group:"kafka"`
}

func (m *moveCommand) Run(ctx context.Context, a *App, c console) error {
	client, err := newJobClient(a.name, m.TokenFile)
	if err != nil {
		return err
	}
	defer client.close()
	return m.Kafka.visit(ctx, a, c, func(r *remote) error {
		mv, err := r.newMove(m.Task)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, m.Timeout)
		defer cancel()
		done, err := mv.move(ctx, client, m.To)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, done)
		return err
	})
}

// A move is of one task.
type move struct {
	*remote
	stage *scheduler.Stage
	task  int32
}

func (r *remote) newMove(text string) (*move, error) {
	name, number := "", text
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		name, number = text[:i], text[i+1:]
	}
	stage, err := r.stage(name)
	if err != nil {
		return nil, err
	}
	task, err := strconv.ParseInt(number, 10, 32)
	if err != nil || task < 0 || task >= int64(stage.Tasks) {
		return nil, fmt.Errorf("stage %s has no task %q: there are 0 to %d", stage.Name, number, stage.Tasks-1)
	}
	return &move{r, stage, int32(task)}, nil
}

// stage finds a stage by its name; "" is the only one.
func (r *remote) stage(name string) (*scheduler.Stage, error) {
	switch stages := r.plan.Stages; {
	case name != "":
		return r.plan.Stage(name)
	case len(stages) == 1:
		return &stages[0], nil
	default:
		names := make([]string, len(stages))
		for i := range stages {
			names[i] = stages[i].Name
		}
		return nil, fmt.Errorf("there are several stages; say which, as in %s/0: %s", names[0], strings.Join(names, ", "))
	}
}

// move does it, and returns what has been done, in words.
func (m *move) move(ctx context.Context, client *jobClient, to string) (string, error) {
	view, err := m.await(ctx, func(*membership.GroupView) bool { return true })
	if err != nil {
		return "", err
	}
	from := view.Owner(m.task)
	target, err := choose(view, to, from)
	if err != nil {
		return "", fmt.Errorf("stage %s: %w", m.stage.Name, err)
	}
	if from != nil && from.Instance == target.Instance {
		return fmt.Sprintf("task %d of stage %s is with %s already", m.task, m.stage.Name, named(target)), nil
	}
	if err := reachable(target); err != nil {
		return "", err
	}
	if err := m.ask(ctx, client, target); err != nil {
		return "", fmt.Errorf("asking %s to take the task: %w", named(target), err)
	}
	view, err = m.await(ctx, func(v *membership.GroupView) bool {
		owner := v.Owner(m.task)
		return owner != nil && owner.Instance == target.Instance
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return "", m.explain(view, target)
	}
	if err != nil {
		return "", err
	}
	before := "nobody"
	if from != nil {
		before = named(from)
	}
	return fmt.Sprintf("task %d of stage %s: from %s to %s", m.task, m.stage.Name, before, named(target)), nil
}

// ask has a container ask its group for the task.
func (m *move) ask(ctx context.Context, client *jobClient, target *membership.MemberView) error {
	u := (&url.URL{Scheme: "http", Host: target.Address}).JoinPath(httpapi.MovePath(m.stage.Name, m.task))
	u.RawQuery = url.Values{"instance": {target.Instance}}.Encode()
	var told httpapi.Move
	return client.do(ctx, http.MethodPost, u, &told)
}

// lookEvery is how often the group is looked at.
const lookEvery = 200 * time.Millisecond

// await looks at the stage's group until it is stable, and as it should be. What it has
// seen last it returns also when ctx is done.
func (m *move) await(ctx context.Context, is func(*membership.GroupView) bool) (*membership.GroupView, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last *membership.GroupView
	for {
		view, err := m.look(ctx, m.stage)
		switch {
		case ctx.Err() != nil:
			return last, fmt.Errorf("stage %s: its group doesn't come to rest: %w; status shows it", m.stage.Name, ctx.Err())
		case err != nil:
			return last, err
		case view.Foreign != "":
			return last, fmt.Errorf("stage %s: another kind of client (%s) uses its group %s", m.stage.Name, view.Foreign, m.stage.Group)
		case len(view.Members) == 0:
			return last, fmt.Errorf("stage %s: nobody runs it", m.stage.Name)
		case view.State == stream.GroupIsStable && is(&view):
			return &view, nil
		}
		last = &view
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// choose finds the member that is meant: an instance, or that of a host which has the
// task, or else the fewest.
func choose(view *membership.GroupView, to string, owner *membership.MemberView) (*membership.MemberView, error) {
	if owner != nil && owner.Host == to {
		return owner, nil
	}
	var best *membership.MemberView
	var names []string
	for i := range view.Members {
		m := &view.Members[i]
		if m.Instance == to {
			return m, nil
		}
		if m.Host == to && (best == nil || len(m.Tasks)+len(m.Coming) < len(best.Tasks)+len(best.Coming)) {
			best = m
		}
		names = append(names, m.Instance)
	}
	if best == nil {
		return nil, fmt.Errorf("there is no instance and no host %q; there are the instances %s on %s", to, strings.Join(names, ", "), strings.Join(hosts(view.Members), ", "))
	}
	return best, nil
}

// explain says why the task isn't where it should be, by what was seen last.
func (m *move) explain(view *membership.GroupView, target *membership.MemberView) error {
	why := "the group is rebalancing still: a member is slow, or has died; status shows it"
	if view != nil && view.State == stream.GroupIsStable {
		why = "nobody has it"
		next := view.Next(m.task)
		switch owner := view.Owner(m.task); {
		case next != nil && next.Instance == target.Instance:
			why = "its owner has yet to give it up"
		case owner != nil:
			why = fmt.Sprintf("the group has left it with %s: another member may ask for it, too, or one leads the group whose program is older than this", named(owner))
		}
	}
	return fmt.Errorf("task %d of stage %s hasn't come to %s in time: %s", m.task, m.stage.Name, named(target), why)
}

// named is a member and where it is.
func named(m *membership.MemberView) string {
	if m.Host == "" {
		return nameOf(m)
	}
	return fmt.Sprintf("%s (%s)", nameOf(m), m.Host)
}

// hosts are those of members, each once.
func hosts(members []membership.MemberView) []string {
	var all []string
	for i := range members {
		all = append(all, members[i].Host)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
