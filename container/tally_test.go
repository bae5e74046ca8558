package container_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/serde"
)

// tally is a program that counts the keys of its input, keeps a set of those that
// have come an odd number of times, and puts each count out. It notes in its state
// how far it is, so that everything else can be compared with what came before.
type tally struct {
	t     *testing.T
	sys   stream.System
	input map[int32][]string // the keys of each partition
	once  bool               // nothing may come out twice
	skips bool               // records that fail are left out
	// Of a store that is added later: whether it is there, and from which record of
	// each partition on.
	single  bool
	oddFrom map[int32]int
}

// tallyStage is fed by a repartition topic, so that it is trimmed too.
func tallyStage() *scheduler.Stage {
	return &scheduler.Stage{
		Name: "tally", Group: "app-tally", Tasks: 2, Containers: 1,
		Inputs:  []scheduler.Input{{Topic: "in", Partitions: 2, Nodes: []int{0}, Producers: 1}},
		Outputs: []scheduler.Output{{Topic: "out", Node: 3}},
		Stores: []scheduler.Store{
			{Name: "counts", Changelog: "app-counts-changelog", Node: 1, Schema: "counts"},
			{Name: "odd", Changelog: "app-odd-changelog", Node: 2, Schema: "odd"},
		},
	}
}

func createTallyTopics(t *testing.T, admin stream.Admin) {
	for _, cfg := range []stream.TopicConfig{
		{Name: "in", Partitions: 2}, {Name: "out", Partitions: 2},
		{Name: "app-counts-changelog", Partitions: 2, Cleanup: stream.CleanupCompact},
		{Name: "app-odd-changelog", Partitions: 2, Cleanup: stream.CleanupCompact},
	} {
		must(t, admin.CreateTopic(context.Background(), cfg))
	}
}

// progressKey is that of how many records were processed. It sorts in the middle.
const progressKey = "k3-progress"

func (*tally) Open(context.Context, *scheduler.Stage) (loop.Resources, error) {
	return noResources{}, nil
}

func (p *tally) NewLogic(_ *scheduler.Stage, task *loop.Task) (loop.Logic, error) {
	number, _ := serde.For[int64]()
	out, err := task.Output(3)
	l := &tallyLogic{program: p, task: task, out: out, counts: kv.NewValues(task.State, 0, number)}
	if !p.single {
		l.odd = kv.NewValues(task.State, 1, number)
	}
	l.check()
	return l, err
}

type tallyLogic struct {
	program     *tally
	task        *loop.Task
	out         *loop.Output
	counts, odd *kv.Values[int64]

	progress int64
	marked   int64 // progress, as of Mark
	key      string
}

// want is the state after n records of a partition.
func (p *tally) want(partition int32, n int64) (counts, odd map[string]int64) {
	counts, odd = make(map[string]int64), make(map[string]int64)
	for i, k := range p.input[partition][:n] {
		counts[k]++
		if p.single || i < p.oddFrom[partition] {
			continue
		}
		if counts[k]%2 == 0 {
			delete(odd, k)
		} else {
			odd[k] = int64(i + 1)
		}
	}
	if n > 0 {
		counts[progressKey] = n
	}
	return counts, odd
}

// check is made when the state has been restored: it is that after a number of
// records, in all stores, and what these have put out is there.
func (l *tallyLogic) check() {
	t, counts, odd := l.program.t, contents(l.program.t, l.counts), contents(l.program.t, l.odd)
	t.Helper()
	l.progress = counts[progressKey]
	if n := len(l.program.input[l.task.ID]); l.progress > int64(n) {
		t.Fatalf("task %d: state after %d records of %d", l.task.ID, l.progress, n)
	}
	wantCounts, wantOdd := l.program.want(l.task.ID, l.progress)
	if !maps.Equal(counts, wantCounts) || !maps.Equal(odd, wantOdd) {
		t.Fatalf("task %d after %d records:\n got %v\n     %v\nwant %v\n     %v", l.task.ID, l.progress, counts, odd, wantCounts, wantOdd)
	}
	l.program.checkOutput(l.task.ID, l.progress)
}

// checkOutput: each of the first n records has put its count out, once or more
// often, and never another one.
func (p *tally) checkOutput(partition int32, n int64) {
	p.t.Helper()
	counts := make(map[string]int64)
	want := make(map[string]string)
	for i, k := range p.input[partition] {
		counts[k]++
		want[strconv.Itoa(i)] = fmt.Sprintf("%s is %d", k, counts[k])
	}
	seen := make(map[string]bool)
	for _, r := range recordsOf(p.t, p.sys, stream.TopicPartition{Topic: "out", Partition: partition}) {
		if string(r.Value) != want[string(r.Key)] {
			p.t.Fatalf("partition %d: record %s has put out %q, want %q", partition, r.Key, r.Value, want[string(r.Key)])
		}
		if p.once && seen[string(r.Key)] {
			p.t.Fatalf("partition %d: record %s has put out %q twice", partition, r.Key, r.Value)
		}
		seen[string(r.Key)] = true
	}
	for i := range n {
		if !seen[strconv.FormatInt(i, 10)] {
			p.t.Fatalf("partition %d: what record %d of %d has put out is missing", partition, i, n)
		}
	}
}

func contents(t *testing.T, v *kv.Values[int64]) map[string]int64 {
	t.Helper()
	all := make(map[string]int64)
	if v == nil {
		return all
	}
	must(t, v.Range(nil, nil, func(key []byte, v *int64) (bool, error) {
		all[string(key)] = *v
		return true, nil
	}))
	return all
}

func (l *tallyLogic) Load(r *stream.Record) (int64, error) {
	l.key = string(r.Key)
	if string(r.Value) != strconv.FormatInt(l.progress, 10) {
		return 0, fmt.Errorf("record %s is read with state as of %d", r.Value, l.progress)
	}
	return 0, nil
}

func (l *tallyLogic) Process() error {
	n, err := l.add(l.counts, l.key, 1)
	if err == nil {
		_, err = l.add(l.counts, progressKey, 1)
	}
	if err != nil {
		return err
	}
	at := strconv.FormatInt(l.progress, 10)
	l.progress++
	if l.odd == nil {
	} else if n%2 == 0 {
		err = l.odd.Delete([]byte(l.key))
	} else {
		_, err = l.add(l.odd, l.key, l.progress)
	}
	if err != nil {
		return err
	}
	return l.out.Send(l.task.ID, &stream.Record{Key: []byte(at), Value: fmt.Appendf(nil, "%s is %d", l.key, n)})
}

func (l *tallyLogic) add(v *kv.Values[int64], key string, n int64) (int64, error) {
	sum, _, err := v.Upsert([]byte(key))
	if err != nil {
		return 0, err
	}
	*sum += n
	return *sum, nil
}

var tallyOperator = loop.Operator{Node: 1, Name: "tally", Text: "tally"}

func (l *tallyLogic) Source(int, int32) loop.Source { return l }
func (*tallyLogic) Due() int64                      { return loop.IdleTime }
func (*tallyLogic) Advance() (bool, error)          { return false, nil }
func (*tallyLogic) End() (bool, error)              { return false, nil }
func (*tallyLogic) OutputWatermark(int) int64       { return stream.NoTime }
func (*tallyLogic) Marks() map[string]int64         { return nil }
func (*tallyLogic) SetMarks(map[string]int64)       {}
func (*tallyLogic) ClockDue() int64                 { return loop.IdleTime }
func (*tallyLogic) Tick(int64) (bool, error)        { return false, nil }
func (*tallyLogic) Resume() (bool, error)           { return false, nil }
func (*tallyLogic) Busy() bool                      { return false }
func (*tallyLogic) BeforeCommit() error             { return nil }
func (*tallyLogic) AfterCommit() error              { return nil }
func (*tallyLogic) Close() error                    { return nil }
func (l *tallyLogic) Mark()                         { l.marked = l.progress }
func (l *tallyLogic) Rewind()                       { l.progress = l.marked }
func (*tallyLogic) OperatorOf(int) loop.Operator    { return tallyOperator }
func (*tallyLogic) Operator() loop.Operator         { return tallyOperator }
func (*tallyLogic) SetWatermark(int64)              {}
func (*tallyLogic) Disorder() time.Duration         { return 0 }
func (*tallyLogic) MaxAhead() time.Duration         { return 0 }
func (l *tallyLogic) Skips() bool                   { return l.program != nil && l.program.skips }
