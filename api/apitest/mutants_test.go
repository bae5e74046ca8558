package apitest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	{"no new epoch after an unknown outcome", "stream/kafka/internal/produce/transaction.go",
		`t.who.id < 0 || t.needsEpoch && !t.open`, `t.who.id < 0`, false},
	{"what isn't known to have happened isn't asked again", "stream/kafka/internal/produce/transaction.go",
		`		t.unanswered = s
`, `		t.reset()
`, false},
	{"watermarks aren't restored", "container/inputs.go",
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
	{"what was aborted is read", "stream/kafka/internal/fetch/aborted.go",
		`	return len(f.open) > 0 &&`, `	return len(f.open) < 0 &&`, false},
	{"the end isn't waited for until all has arrived", "stream/kafka/internal/produce/commit.go",
		`	if err := p.flush(ctx); err != nil {
		return err
	}
	if`, `	p.send()
	if`, false},
	{"tasks are given up without a commit", "container/group.go",
		`	if m.MayCommit() {
		if err := c.commit(ctx); err != nil {
			return err
		}
	}
`, ``, true},
	{"who was lost goes on with its transaction", "container/membership/events.go",
		`		return fmt.Errorf("%w: %w", errLost, e.Err)`, `		return nil`, true},
	{"a commit is of no generation", "container/commit.go",
		`g.Generation, g.Member, g.Instance = c.member.Generation()`, `g.Generation = 0`, true},
}

// mutated is the file of a mutant, as it is and without the step.
func (m mutant) mutated(t *testing.T) (path, source string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(src), m.old) != 1 {
		t.Fatalf("%s doesn't have what is to be changed, once: %s", m.file, m.old)
	}
	return path, strings.Replace(string(src), m.old, m.new, 1)
}

// TestMutantsApply: who changes one of the steps that exactly-once rests on changes its
// mutant, too. Whether they are found out takes minutes. (make mutants)
func TestMutantsApply(t *testing.T) {
	for _, m := range mutants {
		m.mutated(t)
	}
}
