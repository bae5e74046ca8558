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

// ErrNoJob means that Nomad has no job for the app.
var ErrNoJob = errors.New("there is no such job on Nomad")

// job returns the app's job, which must be one that [Job] has made.
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
	Name  string // STAGE[INDEX], which a replacement has, too
	Stage string
	Index int
	Alloc string // Nomad's id

	Node, NodeID string
	// State is Nomad's: pending, running, complete, failed, lost; unknown while its node is
	// unreachable.
	State    string
	Since    time.Time // the start of the state
	Restarts uint64    // on the same node
	Event    string    // the latest
	Trouble  string    // why it doesn't run, if known; "" while it runs
	Address  string    // HOST:PORT of its HTTP API; "": not known yet

	created uint64
}

// Ended reports whether the container has ended, as far as Nomad knows.
func (k *Container) Ended() bool {
	switch k.State {
	case api.AllocClientStatusComplete, api.AllocClientStatusFailed, api.AllocClientStatusLost:
		return true
	}
	return false
}

// containers returns all containers of a job, also ended ones, ordered by stage as in the
// job, by index, and by age, the oldest first.
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

// indexOf returns the N of JOB.GROUP[N].
func indexOf(name string) int {
	_, tail, _ := strings.Cut(name[strings.LastIndexByte(name, '.')+1:], "[")
	n, err := strconv.Atoi(strings.TrimSuffix(tail, "]"))
	if err != nil {
		return 0 // not one of our names
	}
	return n
}

// present returns the containers that haven't ended.
func present(all []Container) []Container {
	return slices.DeleteFunc(slices.Clone(all), func(k Container) bool { return k.Ended() })
}
