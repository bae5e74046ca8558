//go:build !unix

package kvtest

import "time"

// cpuTime isn't known here.
func cpuTime() time.Duration { return 0 }
