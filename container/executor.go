package container

import "context"

// An Executor runs the containers of a plan: in this process ([InProcess]), or as
// processes of their own on this machine (package processes).
type Executor interface {
	// Run runs them until ctx is done and what they had finished is committed; then it
	// returns nil. It returns earlier if a bounded run has ended, and with an error if
	// they can't go on, when none of them runs any more. A ctx whose cause is [ErrBack]
	// has the groups of the stages keep what they have for them. Run is called once.
	//
	// This is the shape of an executor whose containers end with it. One that hands a
	// job over to a cluster, where it goes on without its submitter, is two things:
	// handing over, which returns when the cluster has the job, and following it, which
	// is this Run if the end of ctx ends the following alone, and not the job.
	Run(ctx context.Context) error
}

// InProcess is the executor of this process: it is the configuration of each
// container, and runs them as [RunAll] does.
type InProcess []Config

// Run is the executor's.
func (p InProcess) Run(ctx context.Context) error { return RunAll(ctx, p) }
