package nomadjob

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/gretestream/grete/api/internal/jobclient"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/api/internal/program/drain"
	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/nomad"
)

// noticeTimeout bounds the request that gives a container its shutdown notice.
const noticeTimeout = 5 * time.Second

// A Job is an app's job on Nomad, and a client of its processes.
type Job struct {
	app     string
	client  *jobclient.Client
	nomad   *nomad.Client // nil: no cluster has the job
	running bool          // not stopped
	say     func(line string)
}

// open returns the job on the cluster of the flags; without one, it is a job whose
// processes run elsewhere. Without tokens, they are read from the job's variable. The
// caller closes the job.
func (f *Flags) open(ctx context.Context, c program.Console, tokens signed.Tokens) (*Job, error) {
	client, status, err := f.find(ctx, c.App)
	if err != nil {
		return nil, err
	}
	if client != nil && len(tokens) == 0 {
		// The processes refuse arguments that can't be parsed, too.
		tokens, _ = signed.ParseTokens(client.Token(ctx, c.App))
	}
	if len(tokens) == 0 {
		if tokens, err = access.FindLocal(c.Config, c.App); err != nil {
			return nil, err
		}
	}
	return &Job{
		app: c.App, client: jobclient.New(c.App, tokens), nomad: client, running: status != nil && !status.Stopped(),
		say: func(line string) { c.Say("%s", line) },
	}, nil
}

// visit calls do with the job on the cluster of the flags, by default that of an agent
// on this machine.
func (f *Flags) visit(ctx context.Context, c program.Console, tokenFile string, do func(*Job) error) error {
	tokens, err := access.ReadTokens(tokenFile)
	if err != nil {
		return err
	}
	where := *f
	where.Address = cmp.Or(f.Address, os.Getenv("NOMAD_ADDR"), localAgent)
	j, err := where.open(ctx, c, tokens)
	if err != nil {
		return err
	}
	defer j.close()
	return do(j)
}

// Stop stops the job on the cluster of the flags.
func (f *Flags) Stop(ctx context.Context, c program.Console) error {
	return f.visit(ctx, c, "", func(j *Job) error { return j.stop(ctx, false) })
}

// Attach connects to the job, for drain.
func (f *Flags) Attach(ctx context.Context, c program.Console, tokens signed.Tokens) (*drain.Attached, error) {
	j, err := f.open(ctx, c, tokens)
	if err != nil {
		return nil, err
	}
	on := &drain.Attached{Client: j.client, Close: j.close}
	if j.running { // Nomad would restart a process that stops by itself
		on.Stop = func(ctx context.Context) error { return j.stop(ctx, false) }
	}
	return on, nil
}

func (j *Job) close() {
	j.client.Close()
	if j.nomad != nil {
		j.nomad.Close()
	}
}

func (j *Job) stop(ctx context.Context, purge bool) error {
	return j.nomad.Stop(ctx, j.app, purge, j.watch())
}

// watch is what happens while Nomad changes the job.
func (j *Job) watch() nomad.Watch { return nomad.Watch{Notify: j.notify, Say: j.say} }

// notify gives a container its shutdown notice: it won't be back.
func (j *Job) notify(ctx context.Context, k nomad.Container) error {
	ctx, cancel := context.WithTimeout(ctx, noticeTimeout)
	defer cancel()
	var response httpapi.Leave
	return j.client.Post(ctx, k.Address, httpapi.LeavePath, nil, &response)
}
