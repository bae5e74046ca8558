package kafkasim

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
)

// The answers of the simulated cluster must be those of a real broker, from the golden files.
func TestRules_MatchGoldenFiles(t *testing.T) {
	for name, play := range scripts() {
		t.Run(name, func(t *testing.T) {
			c := New(1)
			s := newScript(t, &simulated{t: t, cluster: c, now: time.Now()}, "")
			play(s)
			compareWith(t, name, s.out.String())
		})
	}
}

func compareWith(t *testing.T, name, got string) {
	t.Helper()
	want, err := os.ReadFile(golden(name))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func golden(name string) string { return filepath.Join("testdata", name+".txt") }

// simulated is a simulated cluster. Its chores are done when the script waits for them.
type simulated struct {
	t       *testing.T
	cluster *Cluster
	now     time.Time
}

func (b *simulated) ask(node int32, req protocol.Message) protocol.Message {
	r := b.cluster.Handle(b.now, node, req)
	for !r.Until.IsZero() {
		b.now = r.Until
		r.Answer(b.now)
	}
	return r.Deliver(req)
}

func (b *simulated) leader(tp stream.TopicPartition) int32 {
	return max(b.cluster.Leader(tp), 1) // a broker that doesn't lead answers with the error
}

func (b *simulated) coordinator(name string, transactional bool) int32 {
	return b.cluster.Leader(CoordinatorOf(name, transactional))
}

func (b *simulated) settle(string) { b.chores(func(Chore) bool { return true }) }

// chores does the allowed chores, until there are no more.
func (b *simulated) chores(may func(Chore) bool) {
	for {
		chores := b.cluster.Chores(b.now)
		i := slices.IndexFunc(chores, may)
		if i < 0 {
			return
		}
		b.cluster.Do(b.now, chores[i])
	}
}

func (b *simulated) timeOut(id string) {
	b.now = b.cluster.NextTimeOut()
	b.settle(id)
}

func (b *simulated) wait(is func() bool) {
	if !is() {
		b.t.Fatal("the condition will never hold")
	}
}

func (b *simulated) compact(tp stream.TopicPartition, done func() bool) {
	for range 3 { // tombstones and markers are removed later than the records before them
		b.now = b.now.Add(time.Second)
		b.cluster.Compact(b.now, tp)
	}
	b.wait(done)
}

func (b *simulated) send(node int32, req protocol.Message) (answer func() protocol.Message) {
	r := b.cluster.Handle(b.now, node, req)
	return func() protocol.Message {
		b.pass(func() bool { return r.Answer(b.now) })
		return r.Deliver(req)
	}
}

func (b *simulated) pass(is func() bool) {
	b.t.Helper()
	for end := b.now.Add(time.Minute); !is(); b.now = b.now.Add(50 * time.Millisecond) {
		if b.now.After(end) {
			b.t.Fatal("the condition will never hold")
		}
		b.settle("")
	}
}
