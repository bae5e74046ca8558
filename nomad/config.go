package nomad

import (
	"time"

	"github.com/gretestream/grete/metrics"
)

// Config has the settings of a job besides its plan. The zero value of a field is Nomad's
// default, unless the field says otherwise.
type Config struct {
	// These say where the containers may run.
	Namespace, Region, NodePool string
	Datacenters                 []string // none: all of the region
	Priority                    int
	Constraints                 []Constraint
	Affinities                  []Affinity

	// Driver is "exec", the default, or "raw_exec".
	Driver string
	// Resources are those of each container. StageResources replace them for containers of
	// some stages, by name.
	Resources      Resources
	StageResources map[string]Resources
	// Memory is the budget of a container's caches and buffers, in bytes. Its memory limit is
	// higher: see container.Load.
	Memory int64
	// Disk is the room that a node must have for the state and the logs of a container, in
	// bytes. It isn't enforced.
	Disk int64

	Binary Binary
	// Args are flags of run for all containers, such as "--standbys=1". Flags that follow from
	// running on Nomad are added.
	Args []string
	// Secrets are items of the job's variable that containers get as files: see [Variable].
	Secrets []Secret
	// TLS means that the HTTP APIs are over TLS. Their certificate, its key and the authority
	// are then in the variable, too.
	TLS bool

	Timing Timing
	// Apart says that the version before can't run beside this one, or can't read what it
	// writes. Nomad then doesn't revert the job by itself.
	Apart bool

	// Version is Grete's, and Build the program's. Both are only shown.
	Version string
	Build   metrics.Build
}

// Resources are a container's part of a node's processors: a share in MHz, or some cores
// exclusively.
type Resources struct {
	CPU   int // MHz; 0, without Cores: 1000
	Cores int
}

// Binary says how nodes get the program.
type Binary struct {
	// Path is the program's path on all nodes; "": nodes fetch it.
	Path string
	// URL is where nodes fetch it, and SHA256 its checksum, in hex.
	URL, SHA256 string
	// OS and Arch are its platform, as in GOOS and GOARCH; "": any node will do.
	OS, Arch string
}

// A Secret is an item of the job's variable that becomes a file, which a flag names. It isn't
// an environment variable, because its value may be anything.
type Secret struct {
	Name string // of the item and of the file
	Flag string // of run, such as "kafka-ca"
	// Reload means that containers notice when the file changes. Otherwise a change restarts
	// them.
	Reload bool
}

// Timing has Nomad's timeouts. A zero value is the default.
type Timing struct {
	// Kill is how long a container may take to end, by default 30 s, which is the timeout of
	// its transaction: the last commit takes less. Nodes limit it to 30 s by default.
	Kill time.Duration
	// LostAfter is how long a node may be unreachable before its containers are started on
	// other nodes, by default 1 min. Other containers of the stage take over the tasks long
	// before; until then, the node may rejoin with its state.
	LostAfter time.Duration
	// An updated container is healthy if it passes its check for MinHealthy, by default 10 s,
	// within Healthy, 2 min. If no container has become healthy for Progress, 5 min, the
	// deployment fails and Nomad reverts to the version before.
	MinHealthy, Healthy, Progress time.Duration
}

func (t Timing) orDefaults() Timing {
	for of, d := range map[*time.Duration]time.Duration{
		&t.Kill: 30 * time.Second, &t.LostAfter: time.Minute,
		&t.MinHealthy: 10 * time.Second, &t.Healthy: 2 * time.Minute, &t.Progress: 5 * time.Minute,
	} {
		if *of == 0 {
			*of = d
		}
	}
	return t
}

// defaultCPU is a third to a half of a core, for a container that mostly waits. Unused shares
// of the node are available to all.
const defaultCPU = 1000

// of returns the resources of a stage's containers.
func (c *Config) of(stage string) Resources {
	r, ok := c.StageResources[stage]
	if !ok {
		r = c.Resources
	}
	if r == (Resources{}) {
		r.CPU = defaultCPU
	}
	return r
}

// maxProcs returns GOMAXPROCS. By default Go and its garbage collector would use all
// processors of the node. A container has one busy goroutine, its loop; the collector and
// I/O need another processor.
func (r Resources) maxProcs() int {
	if r.Cores > 0 {
		return r.Cores
	}
	return max(2, (r.CPU+999)/1000)
}
