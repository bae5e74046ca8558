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
// processes run elsewhere. The token, if it isn't set, is read from the job's variable. The
// caller closes the job.
func (f *Flags) open(ctx context.Context, c program.Console, flags *access.ClientFlags) (*Job, error) {
	client, status, err := f.find(ctx, c.App)
	if err != nil {
		return nil, err
	}
	j := &Job{
		app: c.App, nomad: client, running: status != nil && !status.Stopped(),
		say: func(line string) { c.Say("%s", line) },
	}
	var stored access.Stored
	if client != nil {
		stored = func(ctx context.Context) (token, ca string) {
			return client.Token(ctx, c.App), client.Authority(ctx, c.App)
		}
	}
	if j.client, err = flags.Open(ctx, c.Config, c.App, stored); err != nil {
		if client != nil {
			client.Close()
		}
		return nil, err
	}
	return j, nil
}

// visit calls do with the job on the cluster of the flags, by default that of an agent
// on this machine.
func (f *Flags) visit(ctx context.Context, c program.Console, flags *access.ClientFlags, do func(*Job) error) error {
	where := *f
	where.Address = cmp.Or(f.Address, os.Getenv("NOMAD_ADDR"), localAgent)
	j, err := where.open(ctx, c, flags)
	if err != nil {
		return err
	}
	defer j.close()
	return do(j)
}

// Stop stops the job on the cluster of the flags.
func (f *Flags) Stop(ctx context.Context, c program.Console) error {
	return f.visit(ctx, c, &access.ClientFlags{}, func(j *Job) error { return j.stop(ctx, false) })
}

// Attach connects to the job, for drain.
func (f *Flags) Attach(ctx context.Context, c program.Console, flags *access.ClientFlags) (*drain.Attached, error) {
	j, err := f.open(ctx, c, flags)
	if err != nil {
		return nil, err
	}
	on := &drain.Attached{Client: j.client, Close: j.close}
	if j.running { // Nomad would restart a process that stops by itself
		on.Stop = func(ctx context.Context) error { return j.stop(ctx, false) }
	}
	return on, nil
}

// Client returns a client of the job's processes, for status.
func (f *Flags) Client(ctx context.Context, c program.Console, flags *access.ClientFlags) (_ *jobclient.Client, release func(), err error) {
	j, err := f.open(ctx, c, flags)
	if err != nil {
		return nil, nil, err
	}
	return j.client, j.close, nil
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
