package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/nomad"
)

// tellTime is how long a container has to hear that it won't be back.
const tellTime = 5 * time.Second

// A nomadJob is the job as it runs on Nomad, and its containers, which can be asked.
type nomadJob struct {
	*jobClient
	nomad *nomad.Client // nil: it isn't there
	runs  bool          // there; it may be stopped
	say   func(line string)
}

// named tells whether somebody has said which cluster is meant.
func (f *nomadFlags) named() bool { return f.Address != "" || os.Getenv("NOMAD_ADDR") != "" }

// find opens the cluster where the job is to be looked for. The client is nil if none
// was named, or if the job isn't on the one that the environment names for all jobs.
func (f *nomadFlags) find(ctx context.Context, a *App) (*nomad.Client, *nomad.Status, error) {
	if !f.named() {
		return nil, nil, nil
	}
	client, err := f.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	status, err := client.Status(ctx, a.name)
	if err == nil {
		return client, status, nil
	}
	client.Close()
	if f.Address == "" && errors.Is(err, nomad.ErrNoJob) {
		err = nil
	}
	return nil, nil, err
}

// job is the job on the cluster of the flags, or, where find finds none, one whose
// containers are somewhere. The token is that of the file or of the environment, and
// else what the job's variable says. The caller closes it.
func (f *nomadFlags) job(ctx context.Context, a *App, c console, tokenFile string) (*nomadJob, error) {
	client, err := newJobClient(a.name, tokenFile)
	if err != nil {
		return nil, err
	}
	j := &nomadJob{jobClient: client, say: func(line string) { _, _ = fmt.Fprintf(c.err, "%s: %s\n", a.name, line) }}
	var status *nomad.Status
	if j.nomad, status, err = f.find(ctx, a); err != nil {
		j.close()
		return nil, err
	}
	j.runs = status != nil && !status.Stopped()
	if j.nomad != nil && j.token == "" {
		j.token = j.nomad.Token(ctx, a.name)
	}
	return j, nil
}

// visit calls f with the job on the cluster of the flags, which must be there.
func (f *nomadFlags) visit(ctx context.Context, a *App, c console, tokenFile string, do func(*nomadJob) error) error {
	where := *f
	where.Address = cmp.Or(f.Address, os.Getenv("NOMAD_ADDR"), localNomad)
	j, err := where.job(ctx, a, c, tokenFile)
	if err != nil {
		return err
	}
	defer j.close()
	return do(j)
}

// localNomad is where an agent of this machine is, if nothing else is said.
const localNomad = "http://127.0.0.1:4646"

func (j *nomadJob) close() {
	j.jobClient.close()
	if j.nomad != nil {
		j.nomad.Close()
	}
}

// watch is what is done while Nomad changes the job.
func (j *nomadJob) watch() nomad.Watch { return nomad.Watch{Tell: j.tell, Say: j.say} }

// tell tells a container that it won't be back.
func (j *nomadJob) tell(ctx context.Context, k nomad.Container) error {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	var answer httpapi.Leave
	return j.do(ctx, http.MethodPost, (&url.URL{Scheme: "http", Host: k.Address}).JoinPath(httpapi.LeavePath), &answer)
}
