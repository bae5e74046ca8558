//go:build unix

package kvtest

import (
	"syscall"
	"time"
)

// cpuTime returns the time that all threads of the process have computed, C's
// included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
