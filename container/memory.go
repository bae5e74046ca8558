package container

// The shares of a process's memory depend on the number of its containers and on what each
// may use (Config.Memory): for caches and buffers on Go's heap, and for the engine with the
// databases of all of them.

// GoMemory is the limit for Go's memory, in bytes: half of the containers' memory, and what
// a process needs without any state. It is meant for GOMEMLIMIT, which makes the garbage
// collector work harder and isn't a hard bound.
func GoMemory(containers int, memory int64) int64 {
	return int64(containers)*memory/2 + 32<<20
}

// EngineMemory is the engine's share for caches and write buffers: three eighths.
func EngineMemory(containers int, memory int64) int64 {
	return int64(containers) * memory * 3 / 8
}

// ProcessMemory is the hard limit of a process that is killed if it uses more. Beside Go and
// the engine's caches, there is memory that neither counts: the program itself, indexes of
// open files, threads, fragmentation, and a heap that has outgrown GoMemory for a moment. An
// eighth of the containers' memory is left for that, and 96 MB. (A process with one
// container of 64 MB, and so a limit of 192, has reached 156 MB on RocksDB while it folded
// 1.5 million records into 700,000 keys at full speed.)
func ProcessMemory(containers int, memory int64) int64 {
	return int64(containers)*memory + 128<<20
}
