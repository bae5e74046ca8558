package loop

import (
	"testing"
	"time"

	"github.com/gretestream/grete/container/generate"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/stream"
)

// A lagging consumer has the ends of inputs, by topic.
type lagging struct {
	assigning
	ends map[string]int64
}

func (l *lagging) End(tp stream.TopicPartition) int64 { return l.ends[tp.Topic] }

// twoInputs is a task with the inputs "near" and "far", of which nothing is loaded yet.
func twoInputs(t *testing.T, ends map[string]int64) (l *Loop, near, far *partition) {
	l = New(Config{})
	l.Inputs.consumer = generate.New(&lagging{ends: ends}, generate.Config{})
	tk := &Running{Logic: silentLogic{}}
	tk.Init(l, 0, &metrics.Task{})
	l.Add(tk)
	var all []*partition
	for _, topic := range []string{"near", "far"} {
		p := &partition{TopicPartition: stream.TopicPartition{Topic: topic}, task: tk, heapIndex: -1, bound: -1, joined: true, counts: &metrics.Input{}}
		if err := l.Inputs.attach(p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return l, all[0], all[1]
}

func load(l *Loop, p *partition, head int64) {
	p.loaded, p.head = true, head
	l.Inputs.arrange(p)
}

func TestAwait_RecordsOfAnInputThatLagsComeFirst(t *testing.T) {
	l, near, far := twoInputs(t, map[string]int64{"near": 1, "far": 1})
	now := time.Unix(0, 0)
	load(l, far, 1000)
	l.Inputs.checkAwaited(l.Tasks, now)
	if p, _ := l.Inputs.chooser.choose(); p != nil || near.counts.Awaited != 1 {
		t.Fatalf("chose %v, awaited %d times, while records of the other input are on their way", p, near.counts.Awaited)
	}
	load(l, near, 5)
	if p, until := l.Inputs.chooser.choose(); p != near || until != 1000 {
		t.Fatalf("chose %v until %d", p, until)
	}
	// The last record of it is processed.
	near.loaded, near.position = false, 1
	l.Inputs.arrange(near)
	if p, _ := l.Inputs.chooser.choose(); p != far {
		t.Fatalf("chose %v, though nothing else can come", p)
	}
}

func TestAwait_EndsAfterAWhile(t *testing.T) {
	l, near, far := twoInputs(t, map[string]int64{"near": -1, "far": 1})
	now := time.Unix(0, 0)
	load(l, far, 1000)
	for range 2 {
		l.Inputs.checkAwaited(l.Tasks, now)
		if p, _ := l.Inputs.chooser.choose(); p != nil {
			t.Fatalf("chose %v at %v", p, now)
		}
		now = now.Add(awaitBound - 1)
	}
	l.Inputs.checkAwaited(l.Tasks, now.Add(2))
	if p, _ := l.Inputs.chooser.choose(); p != far || near.counts.Overdue != 1 {
		t.Fatalf("chose %v, overdue %d", p, near.counts.Overdue)
	}
	load(l, near, 5) // it is awaited again next time
	near.loaded = false
	l.Inputs.arrange(near)
	if p, _ := l.Inputs.chooser.choose(); p != nil {
		t.Fatalf("chose %v", p)
	}
}

func TestAwait_HigherPriorityDoesNotWait(t *testing.T) {
	l, _, far := twoInputs(t, map[string]int64{"near": 1, "far": 1})
	far.priority = 1
	load(l, far, 1000)
	if p, _ := l.Inputs.chooser.choose(); p != far {
		t.Fatalf("chose %v", p)
	}
}

func TestChooser_NoSlackWithinAJoin(t *testing.T) {
	l, stream, table := twoInputs(t, map[string]int64{"near": 9, "far": 9})
	table.table = true
	load(l, stream, 10)
	load(l, table, 10)
	if p, until := l.Inputs.chooser.choose(); p != table || until != 10 {
		t.Fatalf("chose %v until %d, want the table at 10", p, until)
	}
	load(l, table, 15)
	if p, until := l.Inputs.chooser.choose(); p != stream || until != 14 {
		t.Fatalf("chose %v until %d, want the stream until before the table's record", p, until)
	}
	// Patience is for other tasks' inputs.
	for range patience {
		if p, _ := l.Inputs.chooser.choose(); p != stream {
			t.Fatal("a record of a later time came first")
		}
	}
}
