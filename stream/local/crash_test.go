package local

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gretestream/grete/stream"
)

// model is the expected contents of a log. It keeps all records of each partition
// from its start on, including those that compaction may have removed.
type model struct {
	records map[stream.TopicPartition][]string // by offset
	starts  map[stream.TopicPartition]int64
	offsets map[stream.TopicPartition]int64
}

func (m *model) clone() *model {
	c := &model{map[stream.TopicPartition][]string{}, maps.Clone(m.starts), maps.Clone(m.offsets)}
	for tp, list := range m.records {
		c.records[tp] = slices.Clip(list) // lists only grow
	}
	return c
}

const (
	crashGroup   = "group"
	crashParts   = 3
	crashLive    = "live"    // a topic that deletes
	crashCompact = "compact" // a topic that compacts
)

func crashPartitions() []stream.TopicPartition {
	var tps []stream.TopicPartition
	for i := range int32(crashParts) {
		tps = append(tps, stream.TopicPartition{Topic: crashLive, Partition: i}, stream.TopicPartition{Topic: crashCompact, Partition: i})
	}
	return tps
}

// crashRun does random operations on a log and records the expected state after
// each.
type crashRun struct {
	t     *rapid.T
	fs    *crashFS
	sys   *System
	prod  stream.Producer
	model *model
	now   time.Time

	states []crashState
}

// crashState is the state of the log after a number of changes of the disk. If
// durable is set, it is synced.
type crashState struct {
	ops     int
	model   *model
	durable bool
}

func crashOptions(now *time.Time) Options {
	return Options{
		SegmentBytes: 3000, CompactedSegmentBytes: 2000, TombstoneRetention: time.Minute, Retention: -1,
		Now: func() time.Time { return *now },
	}
}

func (r *crashRun) must(err error) {
	if err != nil {
		r.t.Fatal(err)
	}
}

func newCrashRun(t *rapid.T, dir string, policy SyncPolicy) *crashRun {
	r := &crashRun{t: t, fs: newCrashFS(dir), now: time.UnixMilli(1398926301271)}
	r.model = &model{map[stream.TopicPartition][]string{}, map[stream.TopicPartition]int64{}, map[stream.TopicPartition]int64{}}
	opts := crashOptions(&r.now)
	opts.Sync, opts.fs = policy, r.fs
	var err error
	r.sys, err = open(dir, opts.withDefaults())
	r.must(err)
	ctx := context.Background()
	r.must(r.sys.Admin().CreateTopic(ctx, stream.TopicConfig{Name: crashLive, Partitions: crashParts}))
	r.must(r.sys.Admin().CreateTopic(ctx, stream.TopicConfig{Name: crashCompact, Partitions: crashParts, Cleanup: stream.CleanupCompact}))
	r.prod, err = r.sys.OpenProducer(ctx, stream.ProducerConfig{})
	r.must(err)
	r.record(policy != SyncNever)
	return r
}

// record records the current state of the model.
func (r *crashRun) record(durable bool) {
	r.states = append(r.states, crashState{r.fs.count(), r.model.clone(), durable})
}

// step does one random operation.
func (r *crashRun) step() {
	switch rapid.IntRange(0, 11).Draw(r.t, "step") {
	default:
		r.commit()
		r.record(r.sys.opts.Sync == SyncCommit)
	case 8:
		r.delete()
		r.record(r.sys.opts.Sync == SyncCommit)
	case 9:
		r.must(r.sys.sync())
		r.record(r.sys.opts.Sync != SyncNever)
	case 10:
		r.must(r.sys.Clean(context.Background()))
	case 11:
		r.sys.commits.rewriteAt = 0
		r.must(r.sys.rewriteCommits())
		r.record(r.sys.opts.Sync != SyncNever)
	}
}

func (r *crashRun) commit() {
	r.now = r.now.Add(10 * time.Second)
	for range rapid.IntRange(0, 8).Draw(r.t, "records") {
		tp := rapid.SampledFrom(crashPartitions()).Draw(r.t, "partition")
		w, err := r.prod.Writer(tp.Topic)
		r.must(err)
		key := fmt.Sprintf("key-%d", rapid.IntRange(0, 5).Draw(r.t, "key"))
		var value []byte
		if rapid.IntRange(0, 4).Draw(r.t, "tombstone") > 0 {
			value = fmt.Appendf(nil, "%d-%s", len(r.states), make([]byte, rapid.IntRange(0, 900).Draw(r.t, "size")))
		}
		r.must(w.Send(tp.Partition, &stream.Record{Key: []byte(key), Value: value}))
		r.model.records[tp] = append(r.model.records[tp], line(key, value))
	}
	var offsets stream.GroupOffsets
	if rapid.Bool().Draw(r.t, "offsets") {
		tp := rapid.SampledFrom(crashPartitions()).Draw(r.t, "offset of")
		offsets = stream.GroupOffsets{Group: crashGroup, Positions: []stream.Position{{TopicPartition: tp, Offset: int64(len(r.states))}}}
		r.model.offsets[tp] = int64(len(r.states))
	}
	if rapid.IntRange(0, 9).Draw(r.t, "abort") == 0 {
		r.must(r.prod.Abort(context.Background()))
		r.model = r.states[len(r.states)-1].model.clone()
		return
	}
	_, err := r.prod.Commit(context.Background(), offsets)
	r.must(err)
}

func line(key string, value []byte) string {
	if value == nil {
		return key
	}
	return key + "=" + string(value)
}

func (r *crashRun) delete() {
	tp := rapid.SampledFrom(crashPartitions()).Draw(r.t, "delete from")
	before := rapid.Int64Range(0, int64(len(r.model.records[tp]))).Draw(r.t, "before")
	r.must(r.sys.Admin().DeleteRecords(context.Background(), stream.Position{TopicPartition: tp, Offset: before}))
	r.model.starts[tp] = max(r.model.starts[tp], before)
}

// differs returns the first difference between a log and the model, "" if there is
// none.
func (m *model) differs(t *rapid.T, s *System) string {
	ctx := context.Background()
	tps := crashPartitions()
	starts, err := s.Admin().Starts(ctx, tps...)
	if err != nil {
		return err.Error() // the topic may not exist yet
	}
	ends, _ := s.Admin().Ends(ctx, tps...)
	offsets, err := s.Admin().Committed(ctx, crashGroup, tps...)
	if err != nil {
		t.Fatal(err)
	}
	for i, tp := range tps {
		offset, ok := m.offsets[tp]
		if !ok {
			offset = -1
		}
		if starts[i] != m.starts[tp] || ends[i] != int64(len(m.records[tp])) || offsets[i] != offset {
			return fmt.Sprintf("%s is from %d to %d, committed %d; want %d to %d, %d",
				tp, starts[i], ends[i], offsets[i], m.starts[tp], len(m.records[tp]), offset)
		}
		if diff := m.differsAt(t, s, tp); diff != "" {
			return diff
		}
	}
	return ""
}

// differsAt compares the records of a partition. A compacted partition may lack
// records, but not the last one of a key.
func (m *model) differsAt(t *rapid.T, s *System, tp stream.TopicPartition) string {
	want := m.records[tp]
	got := readPartition(t, s, tp, m.starts[tp])
	last := make(map[string]int64) // offsets that must exist
	for offset := m.starts[tp]; offset < int64(len(want)); offset++ {
		key, value := want[offset][:5], want[offset][5:]
		switch {
		case tp.Topic == crashLive:
			last[fmt.Sprint(offset)] = offset
		case value == "":
			delete(last, key) // compaction may have removed the tombstone
		default:
			last[key] = offset
		}
	}
	for offset, l := range got {
		if offset >= int64(len(want)) || want[offset] != l {
			return fmt.Sprintf("%s at %d: %.30q", tp, offset, l)
		}
	}
	for key, offset := range last {
		if _, ok := got[offset]; !ok {
			return fmt.Sprintf("%s lacks %d, the last of %s", tp, offset, key)
		}
	}
	return ""
}

func readPartition(t *rapid.T, s *System, tp stream.TopicPartition, from int64) map[int64]string {
	c, err := s.OpenConsumer(context.Background(), stream.ConsumerConfig{})
	if err == nil {
		err = c.Assign(tp, from)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make(map[int64]string)
	for at := from; at < c.End(tp); {
		chunks, err := c.Poll()
		if err != nil {
			t.Fatalf("%v", err)
		}
		if len(chunks) != 1 || chunks[0].Next <= at {
			t.Fatalf("%s at %d of %d: %v", tp, at, c.End(tp), chunks)
		}
		for _, r := range chunks[0].Records {
			got[r.Offset] = line(string(r.Key), r.Value)
		}
		at = chunks[0].Next
		c.Release(tp)
	}
	return got
}

// testCrashes runs random operations, crashes at a random byte of the writes, and
// reopens the log.
func testCrashes(t *testing.T, policy SyncPolicy, power bool) {
	rapid.Check(t, func(t *rapid.T) {
		dir := mkdir(t)
		defer os.RemoveAll(dir)
		r := newCrashRun(t, dir, policy)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r.step()
		}
		if diff := r.model.differs(t, r.sys); diff != "" {
			t.Fatalf("without a crash: %s", diff)
		}
		for range 4 {
			n := rapid.IntRange(r.states[0].ops, len(r.fs.ops)).Draw(t, "changes")
			half := rapid.IntRange(0, 4000).Draw(t, "bytes")
			d := replay(r.fs.ops[:n], half)
			if op := r.fs.ops[n-1]; op.kind == opWrite && half < len(op.data) {
				n--
			}
			if power {
				d.losePower(rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "power"))))
			}
			crashed := mkdir(t)
			d.write(t, crashed)
			r.reopen(crashed, n, power)
			_ = os.RemoveAll(crashed)
		}
		r.must(r.sys.Close())
	})
}

func mkdir(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "grete-crash")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// reopen opens the log as a crash after n changes has left it. It checks that the
// log is in one of the allowed states and can be used.
func (r *crashRun) reopen(dir string, n int, power bool) {
	now := r.now
	opts := crashOptions(&now)
	opts.Sync, opts.fs = r.sys.opts.Sync, unsyncedFS{}
	sys, err := open(dir, opts.withDefaults())
	if err != nil {
		r.t.Fatalf("after %d changes: %v", n, err)
	}
	state, first, last := -1, 0, 0
	for i, s := range r.states {
		if s.ops <= n {
			last = i
			if s.durable || !power {
				first = i
			}
		}
	}
	var diffs []string
	for i := first; i <= min(last+1, len(r.states)-1) && state < 0; i++ {
		if diff := r.states[i].model.differs(r.t, sys); diff == "" {
			state = i
		} else {
			diffs = append(diffs, diff)
		}
	}
	if state < 0 {
		r.t.Fatalf("after %d changes the log is in none of the states %d to %d:\n%q", n, first, last+1, diffs)
	}
	// Append more and open it once again.
	m := r.states[state].model.clone()
	p, err := sys.OpenProducer(context.Background(), stream.ProducerConfig{})
	r.must(err)
	for _, tp := range crashPartitions() {
		w, err := p.Writer(tp.Topic)
		r.must(err)
		r.must(w.Send(tp.Partition, &stream.Record{Key: []byte("key-9"), Value: []byte("more")}))
		m.records[tp] = append(slices.Clip(m.records[tp]), "key-9=more")
	}
	_, err = p.Commit(context.Background(), stream.GroupOffsets{})
	r.must(err)
	r.must(sys.Clean(context.Background()))
	r.must(sys.Close())
	sys, err = open(dir, opts.withDefaults())
	r.must(err)
	if diff := m.differs(r.t, sys); diff != "" {
		r.t.Fatalf("after %d changes, opened twice: %s", n, diff)
	}
	r.must(sys.Close())
}

func TestCrash_KilledAtAnyByte(t *testing.T) {
	for _, policy := range []SyncPolicy{SyncInterval, SyncCommit, SyncNever} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) { testCrashes(t, policy, false) })
	}
}

func TestCrash_PowerFailure(t *testing.T) {
	for _, policy := range []SyncPolicy{SyncInterval, SyncCommit} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) { testCrashes(t, policy, true) })
	}
}
