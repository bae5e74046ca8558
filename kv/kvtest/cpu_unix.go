//go:build unix

package kvtest

import (
	"syscall"
	"time"
)

// cpuTime returns the time that all threads of the process have computed, C's
// included.
func cpuTime() time.Duration { return used(syscall.RUSAGE_SELF) }

func used(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
