package nomad

import (
	"time"

	"github.com/gretestream/grete/metrics"
)

// Config is what a job needs to be told besides its plan. Of the fields that don't say
// so the zero value is Nomad's default.
type Config struct {
	// Where the containers may run.
	Namespace, Region, NodePool string
	Datacenters                 []string // none: all of the region
	Priority                    int
	Constraints                 []Constraint
	Affinities                  []Affinity

	// Driver is "exec", which is meant by "" too, or "raw_exec".
	Driver string
	// Resources are those of each container, and StageResources those of some stages',
	// by name, instead.
	Resources      Resources
	StageResources map[string]Resources
	// Memory is what a container is told to use, for all its caches and buffers, in
	// bytes. It gets more than that: [Memory] says how much.
	Memory int64
	// Disk is for how much state and logs of a container a node must have room, in
	// bytes. Nobody stops a container that uses more.
	Disk int64

	Binary Binary
	// Args are flags of run that all containers get, as in "--standbys=1". What follows
	// from being on Nomad is added.
	Args []string
	// Secrets are files that the containers get from the job's variable: see [Variable].
	Secrets []Secret

	Timing Timing

	// Version is that of Grete, and Build of the program: both are shown only.
	Version string
	Build   metrics.Build
}

// Resources are what a container gets of a node's processors: a share, counted in MHz,
// or some cores that are its own.
type Resources struct {
	CPU   int // MHz; 0, without Cores: 1000
	Cores int
}

// Binary is the program, and how it comes to the nodes.
type Binary struct {
	// Path is where it is on all nodes already; "": it is fetched.
	Path string
	// URL is what it is fetched from, and SHA256 its checksum, in hex.
	URL, SHA256 string
	// OS and Arch are what it was built for, in Go's words; "": any node will do.
	OS, Arch string
}

// A Secret is an item of the job's variable that becomes a file, which a flag names. It
// is a file, and no variable of the environment, as its value may be anything.
type Secret struct {
	Name string // of the item and of the file
	Flag string // of run, as in "kafka-ca"
}

// Timing is how patient Nomad is. The zero value of each is a default.
type Timing struct {
	// Kill is how long a container may take to end. A last commit takes less; 30 s, as
	// long as brokers let its transaction be open. Nodes allow that, and not more, unless
	// they are told otherwise.
	Kill time.Duration
	// LostAfter is how long a node may be silent before its containers are started
	// elsewhere; 1 min. Others of the stage take the tasks over long before, so what ends
	// here is the hope that the node comes back with its state.
	LostAfter time.Duration
	// A container that is started anew is well when it has been healthy for MinHealthy,
	// 10 s, within Healthy, 2 min. If none has become well for Progress, 5 min, the
	// version is given up for the one before.
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

// defaultCPU is half a core, or a third: a container that waits most of the time. Who
// has the node to itself gets all of it.
const defaultCPU = 1000

// of are the resources of a stage's containers.
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

// maxProcs is GOMAXPROCS: by itself Go would take all processors of the node, and its
// garbage collector as many. A loop has one busy goroutine, and the collector, reading
// and writing want another processor.
func (r Resources) maxProcs() int {
	if r.Cores > 0 {
		return r.Cores
	}
	return max(2, (r.CPU+999)/1000)
}
