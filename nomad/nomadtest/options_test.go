package nomadtest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

func TestOptions(t *testing.T) {
	for clients, want := range map[int]int{0: 3, 1: 1, 9: 9, 10: -1, -1: -1} {
		o, err := Options{Clients: clients}.normal()
		if (err != nil) != (want < 0) || err == nil && o.Clients != want {
			t.Errorf("%d clients: %d, %v", clients, o.Clients, err)
		}
	}
}

// Agents and tasks share no ports, and use none outside of their block.
func TestPorts_AreDisjoint(t *testing.T) {
	owner := map[int]string{}
	for id := range maxClients + 1 {
		a := newAgent(id, "", t.TempDir(), firstPort)
		ports := []int{a.http, a.rpc, a.serf}
		for p := a.firstDynamic; id > 0 && p <= a.lastDynamic; p++ {
			ports = append(ports, p)
		}
		for _, p := range ports {
			if owner[p] != "" || p < firstPort || p >= firstPort+blockSize {
				t.Errorf("port %d is %s's, and was %q's", p, a.name, owner[p])
			}
			owner[p] = a.name
		}
	}
}

func TestProgram_IsFoundOrMissing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nomad")
	t.Setenv(programVariable, file)
	if _, err := program(); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	if err := os.WriteFile(file, nil, 0o777); err != nil {
		t.Fatal(err)
	}
	if name, err := program(); name != file {
		t.Error(name, err)
	}
	t.Setenv(programVariable, "")
	top, err := repository()
	if err != nil || !exists(filepath.Join(top, "Makefile")) {
		t.Error(top, err)
	}
	t.Chdir(t.TempDir())
	var missing *harnesstest.MissingError
	if _, err := program(); !errors.As(err, &missing) || !strings.Contains(err.Error(), programVariable) {
		t.Error(err)
	}
}
