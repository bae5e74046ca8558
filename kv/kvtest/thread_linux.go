package kvtest

import "time"

// ThreadTime returns the time that the thread of a goroutine has computed. The goroutine
// must be locked to its thread.
func ThreadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	return used(thread)
}
