package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// MemoryLimit returns the memory limit of this process's control group, in bytes; 0 if there
// is none, or if it isn't known.
func MemoryLimit() int64 {
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	return memoryLimit("/sys/fs/cgroup", string(self))
}

// memoryLimit returns the least limit among the group and those above it. Version 2 of control
// groups has lines "0::PATH" in self, version 1 "N:memory:PATH".
func memoryLimit(root, self string) (least int64) {
	for line := range strings.Lines(self) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		dir, file := root, "memory.max"
		if parts[1] == "memory" {
			dir, file = filepath.Join(root, "memory"), "memory.limit_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		for path := filepath.Clean("/" + parts[2]); ; path = filepath.Dir(path) {
			n := readLimit(filepath.Join(dir, path, file))
			if n > 0 && (least == 0 || n < least) {
				least = n
			}
			if path == "/" {
				break
			}
		}
	}
	return least
}

// readLimit reads a file with a limit; 0 if it has none.
func readLimit(name string) int64 {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	const unlimited = 1 << 50 // version 1 has a huge number
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n >= unlimited { // "max"
		return 0
	}
	return n
}
