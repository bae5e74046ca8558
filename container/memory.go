package container

import "github.com/gretestream/grete/scheduler"

// A Load is what a process has to hold. The shares of its memory depend on it: for caches and
// buffers on Go's heap, and for the engine with the databases of all tasks.
type Load struct {
	Containers int
	Memory     int64 // of each container: Config.Memory
	Tasks      int   // of all containers together
	Databases  int   // of the tasks that have stores
	Stores     int   // of all tasks together
}

const (
	// taskBytes is what a task needs on Go's heap besides its container's memory: partitions,
	// operators, counters.
	taskBytes = 128 << 10
	// storeBytes is what a store needs besides its part of the engine's memory. RocksDB takes
	// 110 kB for an open column family, and 64 kB for the first entry in its memtable. A
	// database has one column family more than stores, for the meta record.
	storeBytes = 192 << 10
)

// LoadOf is the load of a container of a stage when another one is lost: the others have its
// tasks then.
func LoadOf(s *scheduler.Stage, containers int, memory int64) Load {
	l := Load{Containers: 1, Memory: memory}
	others := max(containers-1, 1)
	l.AddTasks(s, (int(s.Tasks)+others-1)/others)
	return l
}

// AddTasks adds so many tasks of a stage.
func (l *Load) AddTasks(s *scheduler.Stage, tasks int) {
	l.Tasks += tasks
	if len(s.Stores) > 0 {
		l.Databases += tasks
	}
	l.Stores += tasks * len(s.Stores)
}

func (l Load) containers() int64 { return int64(l.Containers) * l.Memory }

// GoMemory is the limit for Go's memory, in bytes: half of the containers' memory, what their
// tasks need, and what a process needs without any state. It is meant for GOMEMLIMIT, which
// makes the garbage collector work harder and isn't a hard bound.
func (l Load) GoMemory() int64 {
	return l.containers()/2 + int64(l.Tasks)*taskBytes + 32<<20
}

// EngineMemory is the engine's share for caches and write buffers: three eighths.
func (l Load) EngineMemory() int64 { return l.containers() * 3 / 8 }

// ProcessMemory is the hard limit of a process that is killed if it uses more. Beside Go and
// the engine's caches, there is memory that neither counts: the program itself, indexes of
// open files, threads, fragmentation, and a heap that has outgrown GoMemory for a moment. An
// eighth of the containers' memory is left for that, and 96 MB. (A process with one
// container of 64 MB, and so a limit of 192, has reached 156 MB on RocksDB while it folded
// 1.5 million records into 700,000 keys at full speed.) Each task needs some more.
func (l Load) ProcessMemory() int64 {
	return l.containers() + int64(l.Tasks)*taskBytes + int64(l.Databases+l.Stores)*storeBytes + 128<<20
}
