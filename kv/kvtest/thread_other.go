//go:build !linux

package kvtest

import "time"

// ThreadTime isn't known here: it is zero.
func ThreadTime() time.Duration { return 0 }
