package program

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// PeakAnonymous waits for the end of the program, and returns the most anonymous memory that
// it had, in bytes.
func (p *Process) PeakAnonymous() (peak int64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, anonymous(p.cmd.Process.Pid))
		select {
		case <-p.end:
			return peak
		case <-tick.C:
		}
	}
}

// anonymous returns the anonymous memory of a process; 0 if it has ended.
func anonymous(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}
