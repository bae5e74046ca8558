package kafkasim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka"
)

// Whatever happens to requests, brokers and members, no generation assigns a partition to
// two members, and no member keeps a partition that another one got meanwhile. After the
// faults every partition has an owner.
func TestMemberships_OneOwnerOnABadNetwork(t *testing.T) {
	seen := make(map[stream.GroupEventKind]int)
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			w := newTroubles(t, seed)
			w.run()
			w.check(seed)
			for kind, n := range w.kinds {
				seen[kind] += n
			}
		})
		if t.Failed() {
			return
		}
	}
	for _, kind := range []stream.GroupEventKind{stream.GroupRebalancing, stream.GroupAssigned, stream.GroupLost} {
		if seen[kind] < 20 {
			t.Errorf("event %d came only %d times", kind, seen[kind])
		}
	}
}

const (
	troubledMembers    = 4
	troubledPartitions = 12
)

// troubles has a cluster, the members of a group, and their faults.
type troubles struct {
	*testing.T
	*shared
	ctx  context.Context
	stop context.CancelFunc
	all  sync.WaitGroup

	lock    sync.Mutex
	dice    *rand.Rand
	faults  bool
	kinds   map[stream.GroupEventKind]int
	history []assigned
	now     [troubledMembers]map[stream.TopicPartition]bool // the partitions of each member
}

// assigned is an assignment that a member got.
type assigned struct {
	who        int
	generation int32
	partitions []stream.TopicPartition
	kept       []stream.TopicPartition // owned before, and still
	gives      []stream.TopicPartition // owned before, and revoked
	since      int32                   // the generation of the previous assignment
}

func newTroubles(t *testing.T, seed uint64) *troubles {
	w := &troubles{T: t, shared: newShared(New(3)), dice: rand.New(rand.NewPCG(seed, 1)), faults: true, kinds: make(map[stream.GroupEventKind]int)}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

func (w *troubles) pick(n int) int {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.dice.IntN(n)
}

// often is true once in n times, as long as there are faults.
func (w *troubles) often(n int) bool {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.faults && w.dice.IntN(n) == 0
}

func (w *troubles) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-w.ctx.Done():
	}
}

// run has two minutes of faults and one minute without.
func (w *troubles) run() {
	w.all.Go(func() {
		for w.ctx.Err() == nil {
			w.sleep(20 * time.Millisecond)
			w.use(func(*Cluster) {})
		}
	})
	for i := range troubledMembers {
		w.all.Go(func() { w.container(i) })
	}
	for range 24 {
		w.sleep(5 * time.Second)
		node := int32(w.pick(3)) + 1
		w.use(func(c *Cluster) {
			switch w.pick(4) {
			case 0:
				c.Kill(node)
			case 1:
				c.MoveLeader(CoordinatorOf("g", false), node)
			default:
				c.Restart(node)
			}
		})
	}
	w.use(func(c *Cluster) {
		for node := range int32(3) {
			c.Restart(node + 1)
		}
	})
	w.lock.Lock()
	w.faults = false
	w.lock.Unlock()
	w.sleep(2 * time.Minute)
	w.lock.Lock()
	owned := make(map[stream.TopicPartition]int)
	for _, has := range w.now {
		for tp := range has {
			owned[tp]++
		}
	}
	w.lock.Unlock()
	for p := range int32(troubledPartitions) {
		if n := owned[at("t", p)]; n != 1 {
			w.Errorf("in the end t/%d has %d owners", p, n)
		}
	}
	w.seen()
	w.stop()
	w.all.Wait()
}

// seen checks that a description of the group has one owner of each partition, too.
func (w *troubles) seen() {
	sys := w.open(w.T)
	g, err := sys.Group(w.ctx, "g")
	if err != nil || g.State != stream.GroupIsStable {
		w.Errorf("in the end the group is %+v, %v", g, err)
	}
	var all []stream.TopicPartition
	for _, m := range g.Members {
		all = append(all, m.Assignment.Partitions...)
	}
	slices.SortFunc(all, func(a, b stream.TopicPartition) int { return int(a.Partition - b.Partition) })
	if len(all) != troubledPartitions || len(slices.Compact(all)) != troubledPartitions {
		w.Errorf("in the end the group's description has %v", all)
	}
}

// container runs a member, again after each crash.
func (w *troubles) container(i int) {
	link := &badLink{testLink: w.link(), w: w}
	sys, err := kafka.OpenOn(w.ctx, link, kafka.Options{})
	if err != nil {
		w.Error(err)
		return
	}
	defer sys.Close()
	for w.ctx.Err() == nil {
		cfg := stream.GroupConfig{Group: "g", Topics: []string{"t"}, Assign: w.assign}
		if i > 0 {
			cfg.Instance = fmt.Sprintf("i%d", i)
		}
		g, err := sys.Join(w.ctx, cfg)
		if err != nil {
			w.Error(err)
			return
		}
		w.life(i, g)
		w.has(i, nil)
		if w.pick(2) == 0 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_ = g.Leave(ctx)
			cancel()
		}
		_ = g.Close()
		w.sleep(time.Duration(w.pick(20)) * time.Second)
	}
}

// life runs a member until it crashes or fails.
func (w *troubles) life(i int, g stream.Membership) {
	var has []stream.TopicPartition
	generation := int32(-1)
	g.Rejoin(nil, []byte("begins"))
	for {
		switch e := g.Poll(); e.Kind {
		case stream.GroupUnchanged:
			select {
			case <-g.Ready():
			case <-time.After(time.Second):
			case <-w.ctx.Done():
				return
			}
			if w.often(60) {
				return
			}
			if w.often(60) {
				g.RequestRebalance()
			}
		case stream.GroupRebalancing:
			w.count(e)
			w.dawdle()
			g.Rejoin(has, nil)
		case stream.GroupLost:
			w.count(e)
			has, generation = nil, -1
			w.has(i, nil)
			g.Rejoin(nil, nil)
		case stream.GroupAssigned:
			a := assigned{who: i, generation: e.Generation, partitions: e.Partitions, since: generation}
			for _, tp := range has {
				if slices.Contains(e.Partitions, tp) {
					a.kept = append(a.kept, tp)
				} else {
					a.gives = append(a.gives, tp)
				}
			}
			has, generation = e.Partitions, e.Generation
			w.count(e)
			w.lock.Lock()
			w.history = append(w.history, a)
			w.lock.Unlock()
			w.has(i, has)
			w.dawdle()
			if len(a.gives) > 0 || len(e.Data) > 0 { // it may have released them when it crashed
				g.Rejoin(has, nil)
			}
		default:
			// A late join of a previous run may have replaced the member.
			if !errors.Is(e.Err, stream.ErrReplaced) && w.ctx.Err() == nil {
				w.Errorf("member %d: %v", i, e.Err)
			}
			return
		}
	}
}

// dawdle stands for slow user code.
func (w *troubles) dawdle() {
	if w.often(12) {
		w.sleep(time.Duration(w.pick(25)) * time.Second)
	}
}

func (w *troubles) count(e stream.GroupEvent) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.kinds[e.Kind]++
}

func (w *troubles) has(i int, all []stream.TopicPartition) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.now[i] = make(map[stream.TopicPartition]bool)
	for _, tp := range all {
		w.now[i][tp] = true
	}
}

// assign spreads the partitions evenly, and leaves them where they are if it can. It tells
// members which partitions they must release: after a restart a member doesn't know, and the
// others would wait forever.
func (w *troubles) assign(members []stream.GroupMember) ([]stream.GroupAssignment, error) {
	all := make([]stream.GroupAssignment, len(members))
	most := (troubledPartitions + len(members) - 1) / len(members)
	owned := make(map[stream.TopicPartition]bool)
	for i, m := range members {
		all[i].Member = m.ID
		for _, tp := range m.Owned {
			if owned[tp] {
				return nil, fmt.Errorf("%s is owned by two members", tp)
			}
			if len(all[i].Partitions) < most {
				owned[tp] = true
				all[i].Partitions = append(all[i].Partitions, tp)
			}
		}
	}
	for p := range int32(troubledPartitions) {
		if tp := at("t", p); !owned[tp] {
			i := slices.IndexFunc(all, func(a stream.GroupAssignment) bool { return len(a.Partitions) < most })
			all[i].Partitions = append(all[i].Partitions, tp)
		}
	}
	for i, m := range members {
		if slices.ContainsFunc(m.Owned, func(tp stream.TopicPartition) bool { return !slices.Contains(all[i].Partitions, tp) }) {
			all[i].Data = []byte("give up")
		}
	}
	return all, nil
}

// A member that restarts before it has released a partition gets the data of its assignment
// again. So it knows that another member waits for the partition.
func TestMembership_ReleasesAfterRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTroubles(t, 0)
		w.faults = false
		sys := w.open(t)
		join := func(instance string) stream.Membership {
			g, err := sys.Join(t.Context(), stream.GroupConfig{Group: "g", Instance: instance, Topics: []string{"t"}, Assign: w.assign})
			if err != nil {
				t.Fatal(err)
			}
			g.Rejoin(nil, nil)
			return g
		}
		next := func(g stream.Membership, kind stream.GroupEventKind) stream.GroupEvent {
			t.Helper()
			e := g.Poll()
			for end := time.Now().Add(time.Minute); e.Kind == stream.GroupUnchanged && time.Now().Before(end); e = g.Poll() {
				w.sleep(100 * time.Millisecond)
			}
			if e.Kind != kind {
				t.Fatalf("the next event is %+v, want one of kind %d", e, kind)
			}
			return e
		}
		a := join("a")
		all := next(a, stream.GroupAssigned).Partitions
		b := join("b")
		defer b.Close()
		next(a, stream.GroupRebalancing)
		a.Rejoin(all, nil)
		if before := next(a, stream.GroupAssigned); len(before.Partitions) != troubledPartitions/2 || len(before.Data) == 0 {
			t.Errorf("the owner is assigned %+v", before)
		}
		if given := next(b, stream.GroupAssigned).Partitions; len(given) > 0 {
			t.Errorf("%v was assigned before its owner released it", given)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		a = join("a")
		defer a.Close()
		after := next(a, stream.GroupAssigned)
		if len(after.Partitions) != troubledPartitions/2 || len(after.Data) == 0 {
			t.Errorf("after its restart it is assigned %+v", after)
		}
		a.Rejoin(after.Partitions, nil)
		next(b, stream.GroupRebalancing)
		b.Rejoin(nil, nil)
		if given := next(b, stream.GroupAssigned).Partitions; len(given) != troubledPartitions/2 {
			t.Errorf("in the end the other member has %v", given)
		}
	})
}

// check checks all assignments.
func (w *troubles) check(seed uint64) {
	type given struct {
		tp         stream.TopicPartition
		generation int32
	}
	to := make(map[given]int)
	for _, a := range w.history {
		for _, tp := range a.partitions {
			if other, ok := to[given{tp, a.generation}]; ok && other != a.who {
				w.Errorf("seed %d: generation %d assigns %s to members %d and %d", seed, a.generation, tp, other, a.who)
			}
			to[given{tp, a.generation}] = a.who
		}
	}
	for _, a := range w.history {
		for _, tp := range a.kept {
			for between := a.since + 1; between < a.generation; between++ {
				if other, ok := to[given{tp, between}]; ok && other != a.who {
					w.Errorf("seed %d: member %d keeps %s from generation %d to %d, and member %d had it in %d", seed, a.who, tp, a.since, a.generation, other, between)
				}
			}
		}
	}
	for _, a := range w.history {
		for _, tp := range a.gives {
			if other, ok := to[given{tp, a.generation}]; ok && other != a.who {
				w.Errorf("seed %d: generation %d assigns %s to member %d, while member %d still has it", seed, a.generation, tp, other, a.who)
			}
		}
	}
	if w.Failed() {
		var b strings.Builder
		for _, a := range w.history {
			fmt.Fprintf(&b, "%+v\n", a)
		}
		w.Logf("seed %d:\n%s", seed, b.String())
	}
}

// A badLink loses, delays and repeats requests, and loses answers.
type badLink struct {
	*testLink
	w *troubles
}

func (l *badLink) Exchange(ctx context.Context, node int32, req protocol.Message, timeout time.Duration) (protocol.Message, error) {
	lost := &kafka.UnreachableError{Where: "a broker", Err: errAway}
	if l.w.often(25) {
		return nil, lost
	}
	if l.w.often(50) { // delayed, or repeated
		late := Copy(req)
		l.w.all.Go(func() {
			l.w.sleep(time.Duration(l.w.pick(45000)) * time.Millisecond)
			l.w.use(func(c *Cluster) { c.Handle(time.Now(), max(node, 1), late) })
		})
		if l.w.pick(2) == 0 {
			return nil, lost
		}
	}
	answer, err := l.testLink.Exchange(ctx, node, req, timeout)
	if err == nil && l.w.often(25) {
		return nil, lost
	}
	return answer, err
}
