package nomad

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
)

// ErrNoJob: Nomad doesn't know the app's job.
var ErrNoJob = errors.New("there is no such job on Nomad")

// job looks the app's job up, which must be one of ours.
func (c *Client) job(ctx context.Context, app string) (*api.Job, error) {
	id := JobID(app)
	job, _, err := c.api.Jobs().Info(id, c.query(ctx))
	switch {
	case missing(err):
		return nil, fmt.Errorf("job %s, in namespace %s at %s: %w: submit makes it; -namespace and -region say where else to look", id, c.namespace, c.address, ErrNoJob)
	case err != nil:
		return nil, c.explain(err, "look at job "+id, "read-job")
	case !Ours(job) || job.Meta[metaApp] != app:
		return nil, fmt.Errorf("job %s, in namespace %s at %s, isn't one that submit has made for %s: nothing is done with it", id, c.namespace, c.address, app)
	}
	return job, nil
}

// A Container is an allocation of a job.
type Container struct {
	Name  string // STAGE[INDEX]: that of its place, in which others come after it
	Stage string
	Index int
	Alloc string // Nomad's id

	Node, NodeID string
	// State is Nomad's: pending, running, complete, failed, lost; unknown while nothing
	// is heard of its node.
	State    string
	Since    time.Time // when it came to that
	Restarts uint64    // on its node
	Event    string    // what happened to it last
	Trouble  string    // what keeps it from running, as far as is known; "" while it runs
	Address  string    // HOST:PORT, where it is asked; "": not known yet

	created uint64
}

// Ended tells whether it runs no more, as far as Nomad knows.
func (k *Container) Ended() bool {
	switch k.State {
	case api.AllocClientStatusComplete, api.AllocClientStatusFailed, api.AllocClientStatusLost:
		return true
	}
	return false
}

// containers are all that Nomad knows of a job, those that have ended among them: by
// stage in the job's order, by index, and the older first.
func (c *Client) containers(ctx context.Context, job *api.Job) ([]Container, error) {
	q := c.query(ctx)
	q.Filter, q.Params = fmt.Sprintf("JobID == %q", *job.ID), map[string]string{"resources": "true"}
	stubs, _, err := c.api.Allocations().List(q)
	if err != nil {
		return nil, c.explain(err, "look at the containers of job "+*job.ID, "read-job")
	}
	stages, order := make(map[string]string), make(map[string]int)
	for i, g := range job.TaskGroups {
		stages[*g.Name] = cmp.Or(g.Meta[metaStage], *g.Name)
		order[stages[*g.Name]] = i
	}
	all := make([]Container, 0, len(stubs))
	for _, s := range stubs {
		all = append(all, containerOf(s, cmp.Or(stages[s.TaskGroup], s.TaskGroup)))
	}
	slices.SortFunc(all, func(a, b Container) int {
		return cmp.Or(cmp.Compare(order[a.Stage], order[b.Stage]), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Index, b.Index), cmp.Compare(a.created, b.created))
	})
	return all, nil
}

func containerOf(s *api.AllocationListStub, stage string) Container {
	k := Container{
		Stage: stage, Index: indexOf(s.Name), Alloc: s.ID, Node: s.NodeName, NodeID: s.NodeID,
		State: s.ClientStatus, Since: time.Unix(0, s.ModifyTime), Event: s.ClientDescription, created: s.CreateIndex,
	}
	k.Name = fmt.Sprintf("%s[%d]", stage, k.Index)
	if t := s.TaskStates[taskName]; t != nil {
		k.Restarts = t.Restarts
		if k.State == api.AllocClientStatusRunning && !t.StartedAt.IsZero() {
			k.Since = t.StartedAt
		}
		if n := len(t.Events); n > 0 {
			k.Event = eventText(t.Events[n-1])
		}
	}
	if k.State == api.AllocClientStatusPending {
		k.Trouble = trouble(s)
	}
	if r := s.AllocatedResources; r != nil {
		for _, p := range r.Shared.Ports {
			if p.Label == portHTTP {
				k.Address = fmt.Sprintf("%s:%d", p.HostIP, p.Value)
			}
		}
	}
	return k
}

// indexOf is the N of JOB.GROUP[N].
func indexOf(name string) int {
	_, tail, _ := strings.Cut(name[strings.LastIndexByte(name, '.')+1:], "[")
	n, err := strconv.Atoi(strings.TrimSuffix(tail, "]"))
	if err != nil {
		return 0 // none of ours
	}
	return n
}

// present are those that haven't ended.
func present(all []Container) []Container {
	return slices.DeleteFunc(slices.Clone(all), func(k Container) bool { return k.Ended() })
}
