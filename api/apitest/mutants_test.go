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

var mutantSeeds = flag.String("mutantseeds", "1000", "how many seeds may be needed to find a mutant out")

// A mutant is the code without one of the steps that exactly-once rests on.
type mutant struct {
	name     string
	file     string // from the module's root
	old, new string
	shared   bool // it is about containers that share
}

var mutants = []mutant{
	{"the state is written before the transaction is committed", "container/commit.go",
		`	ends, err := c.producer.Commit(ctx, c.offsets())`,
		`	early := func(t *task) error { defer func() { t.moved = true }(); return c.apply(t, nil) }
	if err := c.eachMoved(early); err != nil {
		return err
	}
	ends, err := c.producer.Commit(ctx, c.offsets())`, false},
	{"the changelog isn't in the transaction", "container/commit.go",
		`	return t.State.Prepare(t.log)`, `	return t.State.Prepare(func(int, []byte, []byte) error { return nil })`, false},
	{"the offsets aren't in the transaction", "container/commit.go",
		`c.producer.Commit(ctx, c.offsets())`, `c.producer.Commit(ctx, stream.GroupOffsets{})`, false},
	{"repartition topics are trimmed before the commit", "container/commit.go",
		`	ends, err := c.producer.Commit(ctx, c.offsets())`,
		`	c.trim(ctx, c.cfg.Now())
	ends, err := c.producer.Commit(ctx, c.offsets())`, false},
	{"offsets needn't be stable", "container/sim/simulation.go",
		`	s.faults = w.draw()`, `	s.network.cluster.UnstableOffsets = true
	s.faults = w.draw()`, false},
	{"no new epoch after an unknown outcome", "stream/kafka/transaction.go",
		`t.who.id < 0 || t.doubt && !t.begun`, `t.who.id < 0`, false},
	{"what isn't known to have happened isn't asked again", "stream/kafka/transaction.go",
		`		t.unknown = s
`, `		t.over()
`, false},
	{"watermarks aren't restored", "container/locate.go",
		`p.marks.epoch, p.marks.marks = in.Epoch, in.Marks`, `p.marks.epoch = in.Epoch`, false},
	{"the meta record survives without the state", "container/sim/disk.go",
		`	db.tail = append(db.tail, bytes.Clone(b.Encoded()))`,
		`	meta := db.base.NewBatch()
	_ = kv.ReadBatch(b.Encoded(), func(kind kv.OpKind, _ uint32, _, m []byte) error {
		if kind == kv.OpMeta {
			meta.SetMeta(m)
		}
		return nil
	})
	if err := db.base.Write(meta); err != nil {
		return err
	}
	db.tail = append(db.tail, bytes.Clone(b.Encoded()))`, false},
	{"what was aborted is read", "stream/kafka/aborted.go",
		`	return len(f.open) > 0 &&`, `	return len(f.open) < 0 &&`, false},
	{"the end isn't waited for until all has arrived", "stream/kafka/producer_commit.go",
		`	if err := p.flush(ctx); err != nil {
		return err
	}
	if`, `	p.send()
	if`, false},
	{"tasks are given up without a commit", "container/place.go",
		`	if p.settled {
		if err := c.commit(ctx); err != nil {
			return err
		}
	}
`, ``, true},
	{"who was lost goes on with its transaction", "container/place.go",
		`		return fmt.Errorf("%w: %w", errLostPlace, e.Err)`, `		return nil`, true},
	{"a commit is of no generation", "container/commit.go",
		`g.Generation, g.Member, g.Instance = c.place.generation, c.place.member, c.cfg.Sharing.Instance`, `g.Generation = 0`, true},
}

// TestMutants: without any one of the steps that the guarantee rests on, the
// simulation fails. So it can. (make mutants)
func TestMutants(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) { m.mustFail(t, root) })
	}
}

func (m mutant) mustFail(t *testing.T, root string) {
	overlay := m.overlay(t, root)
	test := "^TestSimulation$"
	if m.shared {
		test = "^TestSimulationOfSharing$"
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", test, "-timeout", "5m", "./api/apitest", "-seeds", *mutantSeeds)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("%s seeds don't find it out", *mutantSeeds)
	case !strings.Contains(string(out), "to see how"):
		t.Errorf("it failed otherwise:\n%s", out)
	default:
		_, found, _ := strings.Cut(string(out), "seed ")
		found, _, _ = strings.Cut(found, "\n")
		t.Log("found by seed", found)
	}
}

// overlay makes the mutated file, and tells the go command to take it.
func (m mutant) overlay(t *testing.T, root string) string {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(m.file))
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(src), m.old) != 1 {
		t.Fatalf("%s doesn't have what is to be changed, once: %s", m.file, m.old)
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err == nil {
		err = os.WriteFile(overlay, replace, 0o600)
	}
	if err == nil {
		err = os.WriteFile(mutated, []byte(strings.Replace(string(src), m.old, m.new, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return overlay
}
