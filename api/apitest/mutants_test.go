package apitest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A mutant is the code without one of the steps that exactly-once depends on.
type mutant struct {
	name     string
	file     string // from the module's root
	old, new string
	shared   bool // it affects containers that share tasks
}

var mutants = []mutant{
	{"the state is written before the transaction is committed", "container/commit.go",
		`	ends, err := c.producer.Commit(ctx, c.offsets())`,
		`	early := func(t *task) error { defer func() { t.Moved = true }(); return c.apply(t, nil) }
	if err := c.eachMoved(early); err != nil {
		return err
	}
	ends, err := c.producer.Commit(ctx, c.offsets())`, false},
	{"the changelog isn't in the transaction", "container/checkpoint.go",
		`	return t.State.Prepare(t.log)`, `	return t.State.Prepare(func(int, []byte, []byte) error { return nil })`, false},
	{"the offsets aren't in the transaction", "container/commit.go",
		`c.producer.Commit(ctx, c.offsets())`, `c.producer.Commit(ctx, stream.GroupOffsets{})`, false},
	{"repartition topics are trimmed before the commit", "container/commit.go",
		`	ends, err := c.producer.Commit(ctx, c.offsets())`,
		`	c.trim(ctx, c.cfg.Now())
	ends, err := c.producer.Commit(ctx, c.offsets())`, false},
	{"unstable offsets are fetched", "container/sim/simulation.go",
		`	s.faults = w.draw()`, `	s.network.cluster.UnstableOffsets = true
	s.faults = w.draw()`, true},
	{"the epoch stays after an unknown outcome", "stream/kafka/internal/produce/transaction.go",
		`t.who.id < 0 || t.needsEpoch && !t.open`, `t.who.id < 0`, false},
	{"a request with an unknown outcome isn't repeated", "stream/kafka/internal/produce/transaction.go",
		`		t.unanswered = s
`, `		t.reset()
`, false},
	{"watermarks aren't restored", "container/loop/partition.go",
		`		p.marks.resume(in)
`, `		p.marks.epoch = in.Epoch
`, false},
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
	{"aborted records are read", "stream/kafka/internal/fetch/aborted.go",
		`	return len(f.open) > 0 &&`, `	return len(f.open) < 0 &&`, false},
	{"the transaction ends before all records have arrived", "stream/kafka/internal/produce/commit.go",
		`	if err := p.flush(ctx); err != nil {
		return err
	}
	if`, `	p.send()
	if`, false},
	{"tasks are released without a commit", "container/group.go",
		`	if m.MayCommit() {
		if err := f.commit(ctx); err != nil {
			return err
		}
	}
`, ``, true},
	{"a lost member continues its transaction", "container/membership/events.go",
		`		return fmt.Errorf("%w: %w", errLost, e.Err)`, `		return nil`, true},
	{"a commit has no generation", "container/commit.go",
		`g.Generation, g.Member, g.Instance = c.member.Generation()`, `g.Generation = 0`, true},
}

// mutated returns the file of a mutant, and its source without the step.
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
		t.Fatalf("%s must contain this exactly once: %s", m.file, m.old)
	}
	return path, strings.Replace(string(src), m.old, m.new, 1)
}

// A change to one of these steps must change its mutant, too.
func TestMutants_Apply(t *testing.T) {
	for _, m := range mutants {
		m.mutated(t)
	}
}
