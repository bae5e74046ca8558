package cluster

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"nomad/memory.max":                       "max\n",
		"nomad/task/memory.max":                  "402653184\n",
		"nomad/task/deeper/memory.max":           "max\n",
		"memory/memory.limit_in_bytes":           "9223372036854771712\n",
		"memory/docker/ab/memory.limit_in_bytes": "1048576\n",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for self, want := range map[string]int64{
		"0::/nomad/task\n":        384 << 20,
		"0::/nomad/task/deeper\n": 384 << 20,
		"0::/nomad\n":             0,
		"0::/\n":                  0,
		"0::/elsewhere\n":         0,
		"12:cpu,cpuacct:/\n5:memory:/docker/ab\n": 1 << 20,
		"5:memory:/\n": 0,
		"nonsense":     0,
		"":             0,
	} {
		if got := memoryLimit(root, self); got != want {
			t.Errorf("%q: %d, want %d", self, got, want)
		}
	}
}
