//go:build mutants

package apitest_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var mutantSeeds = flag.String("mutantseeds", "1000", "how many seeds may be needed to detect a mutant")

// The simulation must fail without any one of the steps that exactly-once depends on.
// (make mutants)
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, m.mustFail)
	}
}

func (m mutant) mustFail(t *testing.T) {
	overlay := m.overlay(t)
	test := "^TestSimulation$"
	if m.shared {
		test = "^TestSimulationOfSharing$"
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", test, "-timeout", "5m", ".", "-seeds", *mutantSeeds)
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("%s seeds don't detect it", *mutantSeeds)
	case !strings.Contains(string(out), "to see how"):
		t.Errorf("it failed in another way:\n%s", out)
	default:
		_, found, _ := strings.Cut(string(out), "seed ")
		found, _, _ = strings.Cut(found, "\n")
		t.Log("detected by seed", found)
	}
}

// overlay writes the mutated file, and the overlay that makes the go command use it.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	path, source := m.mutated(t)
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err == nil {
		err = os.WriteFile(overlay, replace, 0o600)
	}
	if err == nil {
		err = os.WriteFile(mutated, []byte(source), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}
