package nomad

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/scheduler"
)

// Keys of the meta of a job, and of a task group.
const (
	metaOurs        = "grete"
	metaApp         = "grete_app"
	metaFingerprint = "grete_fingerprint"
	metaPlan        = "grete_plan_version"
	metaVersion     = "grete_version"
	metaBuild       = "grete_build"
	metaStage       = "grete_stage"
)

// oursValue is the value of metaOurs: the version of the job's format.
const oursValue = "1"

// Ours reports whether [Job] has made a job. A job of the same name that is not ours must
// not be replaced.
func Ours(job *api.Job) bool { return job != nil && job.Meta[metaOurs] != "" }

// Job returns the job of a plan. The same plan and configuration give the same job. An error
// lists all that is wrong with the configuration, by submit's flags.
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

// constraints returns the constraints of the configuration and of the binary.
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

// A group builds the task group of a stage.
type group struct {
	cfg           *Config
	plan          *scheduler.Plan
	stage         *scheduler.Stage
	name, service string
}

// portHTTP is the label of the port of a container's HTTP API.
const portHTTP = "http"

func (g *group) group() *api.TaskGroup {
	t := g.cfg.Timing
	tg := api.NewTaskGroup(g.name, g.stage.Containers)
	tg.Meta = map[string]string{metaStage: g.stage.Name}
	// The state stays on its node, and moves along when the node is drained.
	tg.EphemeralDisk = &api.EphemeralDisk{Sticky: ptr(true), Migrate: ptr(true), SizeMB: ptr(megabytes(g.cfg.Disk))}
	tg.Networks = []*api.NetworkResource{{Mode: "host", DynamicPorts: []api.Port{{Label: portHTTP}}}}
	// A new container starts after the old one has ended: with a canary both would run, the
	// new one without state. Containers are updated one at a time, so that the others have
	// capacity for the tasks.
	tg.Update = &api.UpdateStrategy{
		MaxParallel: ptr(1), Canary: ptr(0), AutoRevert: ptr(!g.cfg.Apart), HealthCheck: ptr("checks"),
		MinHealthyTime: &t.MinHealthy, HealthyDeadline: &t.Healthy, ProgressDeadline: &t.Progress,
	}
	tg.Migrate = &api.MigrateStrategy{MaxParallel: ptr(1), HealthCheck: ptr("checks"), MinHealthyTime: &t.MinHealthy, HealthyDeadline: &t.Healthy}
	// A failed container restarts at once, with its state. One that keeps failing restarts
	// less and less often, on another node if there is one, without a limit: so the job
	// recovers from a Kafka cluster that was unavailable for hours.
	tg.RestartPolicy = &api.RestartPolicy{Attempts: ptr(3), Interval: ptr(5 * time.Minute), Delay: ptr(time.Second), Mode: ptr(api.RestartPolicyModeFail)}
	tg.ReschedulePolicy = &api.ReschedulePolicy{
		Attempts: ptr(0), Interval: ptr(time.Duration(0)), Unlimited: ptr(true),
		Delay: ptr(5 * time.Second), DelayFunction: ptr("exponential"), MaxDelay: ptr(2 * time.Minute),
	}
	// A node that is cut off may rejoin, with its containers and their state, so nothing
	// replaces them until then. Kafka fences what they do meanwhile. stop_on_client_after
	// would delete the state.
	tg.Disconnect = &api.DisconnectStrategy{LostAfter: &t.LostAfter, Replace: ptr(false), Reconcile: ptr(api.ReconcileOption(api.ReconcileOptionKeepOriginal))}
	tg.Services = []*api.Service{g.httpService()}
	tg.Tasks = []*api.Task{g.task()}
	return tg
}

// httpService announces the HTTP APIs of the stage's containers, and checks their health.
//
// The check is /healthz: 200 while the container's loop makes progress, also while it
// restores its state, however long that takes, and when it has no task. A container with a
// stuck loop is unhealthy and is restarted. /readyz, which requires all tasks to run, would
// be wrong: no update of a job with much state would end in time, and two containers that
// wait for each other's tasks would both fail.
//
// Over TLS, agents don't verify the certificate: they may not know its authority.
func (g *group) httpService() *api.Service {
	s := &api.Service{
		Name: g.service, Provider: "nomad", PortLabel: portHTTP,
		Tags: []string{"grete", "metrics", "app=" + g.plan.App, "stage=" + g.stage.Name},
		Checks: []api.ServiceCheck{{
			Name: "getting on", Type: "http", Path: "/healthz", Interval: 2 * time.Second, Timeout: 2 * time.Second,
			// A restart comes half a minute after the loop stood still for a minute.
			CheckRestart: &api.CheckRestart{Limit: 15, Grace: &g.cfg.Timing.Healthy},
		}},
	}
	if g.cfg.TLS {
		s.Checks[0].Protocol, s.Checks[0].TLSSkipVerify = "https", true
	}
	return s
}

// ptr returns a pointer to a value: Nomad's API takes nil for a default.
func ptr[T any](v T) *T { return &v }

// orNil returns nil, Nomad's default, for a zero value.
func orNil[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// megabytes converts bytes to MB, rounded up.
func megabytes(bytes int64) int { return int((bytes + 1<<20 - 1) >> 20) }
