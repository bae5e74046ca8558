package nomad

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/scheduler"
)

// What a job says of itself in its meta, and a group of its stage.
const (
	metaOurs        = "grete"
	metaApp         = "grete_app"
	metaFingerprint = "grete_fingerprint"
	metaPlan        = "grete_plan_version"
	metaVersion     = "grete_version"
	metaBuild       = "grete_build"
	metaStage       = "grete_stage"
)

// oursValue is that of metaOurs: the version of what the job looks like.
const oursValue = "1"

// Ours tells whether a job is one of those that [Job] makes. Of a name that belongs to
// another one nothing must be registered.
func Ours(job *api.Job) bool { return job != nil && job.Meta[metaOurs] != "" }

// Job makes the job of a plan. It is pure: the same plan and configuration give the same
// job. An error names what of the configuration is wrong, by submit's flags, all of it.
func Job(plan *scheduler.Plan, cfg Config) (*api.Job, error) {
	if err := cfg.check(plan); err != nil {
		return nil, err
	}
	cfg.Timing = cfg.Timing.orDefaults()
	id := JobID(plan.App)
	job := &api.Job{
		ID: &id, Name: &id, Type: ptr(api.JobTypeService), Meta: cfg.meta(plan),
		Region: orNil(cfg.Region), Namespace: orNil(cfg.Namespace), NodePool: orNil(cfg.NodePool), Priority: orNil(cfg.Priority),
		Datacenters: cfg.Datacenters, Constraints: cfg.constraints(), Affinities: cfg.affinities(),
	}
	if len(job.Datacenters) == 0 {
		job.Datacenters = []string{"*"}
	}
	var stages, services []string
	for i := range plan.Stages {
		stages = append(stages, plan.Stages[i].Name)
		services = append(services, plan.App+"-"+plan.Stages[i].Name)
	}
	stages, services = ofGroups().names(stages), ofServices().names(services)
	for i := range plan.Stages {
		g := group{cfg: &cfg, plan: plan, stage: &plan.Stages[i], name: stages[i], service: services[i]}
		job.TaskGroups = append(job.TaskGroups, g.group())
	}
	return job, nil
}

func (c *Config) meta(plan *scheduler.Plan) map[string]string {
	meta := map[string]string{
		metaOurs: oursValue, metaApp: plan.App, metaFingerprint: plan.Fingerprint, metaPlan: strconv.Itoa(plan.Version),
	}
	b := c.Build
	for name, text := range map[string]string{metaVersion: c.Version, metaBuild: strings.Join(strings.Fields(b.Version+" "+b.Revision+" "+b.Go), " ")} {
		if text != "" {
			meta[name] = text
		}
	}
	return meta
}

// constraints are those of the configuration, and what the binary needs.
func (c *Config) constraints() []*api.Constraint {
	all := make([]*api.Constraint, 0, len(c.Constraints)+2)
	if c.Binary.OS != "" {
		all = append(all, api.NewConstraint("${attr.kernel.name}", "=", c.Binary.OS))
	}
	if c.Binary.Arch != "" {
		all = append(all, api.NewConstraint("${attr.cpu.arch}", "=", c.Binary.Arch))
	}
	for _, k := range c.Constraints {
		all = append(all, api.NewConstraint(k.Attribute, k.Operator, k.Value))
	}
	return all
}

func (c *Config) affinities() []*api.Affinity {
	all := make([]*api.Affinity, 0, len(c.Affinities))
	for _, a := range c.Affinities {
		all = append(all, api.NewAffinity(a.Attribute, a.Operator, a.Value, int8(a.Weight)))
	}
	return all
}

// A group is the task group of a stage in the making.
type group struct {
	cfg           *Config
	plan          *scheduler.Plan
	stage         *scheduler.Stage
	name, service string
}

// portHTTP is the label of the port at which a container is asked.
const portHTTP = "http"

func (g *group) group() *api.TaskGroup {
	t := g.cfg.Timing
	tg := api.NewTaskGroup(g.name, g.stage.Containers)
	tg.Meta = map[string]string{metaStage: g.stage.Name}
	// The state stays on its node, and goes along when the node is drained.
	tg.EphemeralDisk = &api.EphemeralDisk{Sticky: ptr(true), Migrate: ptr(true), SizeMB: ptr(megabytes(g.cfg.Disk))}
	tg.Networks = []*api.NetworkResource{{Mode: "host", DynamicPorts: []api.Port{{Label: portHTTP}}}}
	// A new container starts when the one before has ended: with a canary both would run,
	// the new one without state. One after the other, so that the others have room for
	// the tasks.
	tg.Update = &api.UpdateStrategy{
		MaxParallel: ptr(1), Canary: ptr(0), AutoRevert: ptr(true), HealthCheck: ptr("checks"),
		MinHealthyTime: &t.MinHealthy, HealthyDeadline: &t.Healthy, ProgressDeadline: &t.Progress,
	}
	tg.Migrate = &api.MigrateStrategy{MaxParallel: ptr(1), HealthCheck: ptr("checks"), MinHealthyTime: &t.MinHealthy, HealthyDeadline: &t.Healthy}
	// A container that fails is back at once, with its state; one that goes on failing
	// is started less and less often, on another node if there is one, and for ever: a
	// cluster that was away for hours is found again.
	tg.RestartPolicy = &api.RestartPolicy{Attempts: ptr(3), Interval: ptr(5 * time.Minute), Delay: ptr(time.Second), Mode: ptr(api.RestartPolicyModeFail)}
	tg.ReschedulePolicy = &api.ReschedulePolicy{
		Attempts: ptr(0), Interval: ptr(time.Duration(0)), Unlimited: ptr(true),
		Delay: ptr(5 * time.Second), DelayFunction: ptr("exponential"), MaxDelay: ptr(2 * time.Minute),
	}
	// A node that is cut off may come back, with its containers and their state; until
	// then nothing is started in their place. What it does meanwhile Kafka refuses.
	// stop_on_client_after would delete the state.
	tg.Disconnect = &api.DisconnectStrategy{LostAfter: &t.LostAfter, Replace: ptr(false), Reconcile: ptr(api.ReconcileOption(api.ReconcileOptionKeepOriginal))}
	tg.Services = []*api.Service{g.announced()}
	tg.Tasks = []*api.Task{g.task()}
	return tg
}

// announced is where the stage's containers are found, and asked how they are.
//
// Of what a process can be asked /healthz means alive and getting on: it says 200 while
// its loop turns over, also while it restores its state, however long that takes, and
// where it has no task; a loop that is stuck isn't healthy, and is started again. By
// /readyz, which wants all tasks to run, no update of a job with much state would end in
// time, and two containers that wait for each other's tasks would both be given up.
func (g *group) announced() *api.Service {
	return &api.Service{
		Name: g.service, Provider: "nomad", PortLabel: portHTTP,
		Tags: []string{"grete", "metrics", "app=" + g.plan.App, "stage=" + g.stage.Name},
		Checks: []api.ServiceCheck{{
			Name: "getting on", Type: "http", Path: "/healthz", Interval: 2 * time.Second, Timeout: 2 * time.Second,
			// Half a minute after a minute in which the loop stood still.
			CheckRestart: &api.CheckRestart{Limit: 15, Grace: &g.cfg.Timing.Healthy},
		}},
	}
}

// ptr is what the API takes for a value that is said.
func ptr[T any](v T) *T { return &v }

// orNil is nil for what is to be Nomad's default.
func orNil[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// megabytes rounds up.
func megabytes(bytes int64) int { return int((bytes + 1<<20 - 1) >> 20) }
