package container

// The shares of a process' memory, by how many containers it has and what each may use
// (Config.Memory): for its own caches and buffers, on Go's heap, and for the engine that
// keeps the stores of all of them.

// GoMemory is how large Go's memory is to be at most, in bytes: half of it, and what a
// process needs without any state. It is what GOMEMLIMIT is for, which makes the garbage
// collector work harder, and isn't a bound.
func GoMemory(containers int, memory int64) int64 {
	return int64(containers)*memory/2 + 32<<20
}

// EngineMemory is how much the engine gets for its caches and write buffers: three
// eighths.
func EngineMemory(containers int, memory int64) int64 {
	return int64(containers) * memory * 3 / 8
}

// ProcessMemory is what a process gets that is killed when it uses more. Beside Go and
// the caches of the engine there is what neither counts: the program itself, indexes of
// open files, threads, holes between what is allocated, and a heap that has outgrown
// GoMemory for a moment. An eighth of what the containers have is left for that, and
// 96 MB. (A container of 64 MB, of these 192, came to 156 as it folded 1.5 million
// records into 700,000 keys as fast as it could, on RocksDB.)
func ProcessMemory(containers int, memory int64) int64 {
	return int64(containers)*memory + 128<<20
}
