//go:build real

package commands_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A drained job is one under steady load.
type drained struct {
	pair
	sent map[string]int // words; the loader's until it has ended
}

// load sends words until it is stopped.
func (d *drained) load() (stop func()) {
	client := d.cluster.Franz(d, kgo.DefaultProduceTopic(d.topic("words")))
	ctx, cancel := context.WithCancel(d.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; <-tick.C {
			var records []*kgo.Record
			for range 50 {
				w := fmt.Sprintf("w%d", n%97)
				n++
				d.sent[w]++
				records = append(records, &kgo.Record{Value: fmt.Appendf(nil, `{"word":%q}`, w)})
			}
			if err := client.ProduceSync(d.Context(), records...).FirstErr(); err != nil {
				d.Error(err)
				return
			}
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	d.Cleanup(stop)
	return stop
}

// run starts a process, and returns how it ends by itself.
func (d *drained) run(dir string, more ...string) <-chan programtest.Result {
	return d.runUntil(d.Context(), dir, more...)
}

// runUntil starts a process that ends, as by Ctrl-C, when ctx is done.
func (d *drained) runUntil(ctx context.Context, dir string, more ...string) <-chan programtest.Result {
	ctx, cancel := context.WithCancel(ctx)
	ended, done := make(chan programtest.Result, 1), make(chan struct{})
	go func() {
		defer close(done)
		args := []string{"-kafka", strings.Join(d.cluster.Bootstrap(), ","), "-data", dir, "-commit-interval", "50ms", "-session-timeout", "6s"}
		ended <- runMain(ctx, d.app(), append(args, more...)...)
	}()
	d.Cleanup(func() {
		cancel()
		<-done
	})
	return ended
}

// total reads the counts until there are so many, and returns the last of each word: each
// record is counted once, in order.
func (d *drained) total(want int) map[string]int {
	d.Helper()
	reader := d.cluster.Franz(d, kgo.ConsumeTopics(d.topic("counts")), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	last := make(map[string]int)
	for sum := 0; sum < want; {
		fetched := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			d.Fatalf("of %d records %d are counted", want, sum)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			n, word := int(binary.BigEndian.Uint64(r.Value)), string(r.Key)
			if n != last[word]+1 {
				d.Errorf("%s: count %d comes after %d", word, n, last[word])
			}
			last[word] = n
			sum++
		})
	}
	return last
}

// committed are a group's offsets of a topic, all in all, and where the topic ends for
// who reads all that is in it.
func (d *drained) committed(group, topic string) (at, end int) {
	d.Helper()
	admin := kadm.NewClient(d.cluster.Franz(d))
	offsets, err := admin.FetchOffsets(d.Context(), group)
	if err != nil {
		d.Fatal(err)
	}
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Topic == topic {
			at += int(o.At)
		}
	})
	ends, err := admin.ListEndOffsets(d.Context(), topic)
	if err != nil {
		d.Fatal(err)
	}
	ends.Each(func(o kadm.ListedOffset) { end += int(o.Offset) })
	return at, end
}

// drain drains the job, whose processes end by themselves: all that was read is in the
// results by then, and nothing is in between.
func (d *drained) drain(processes ...<-chan programtest.Result) {
	d.Helper()
	began := time.Now()
	d.command("drain").Succeeded(d.T)
	d.Logf("drained in %s", time.Since(began).Round(time.Millisecond))
	for _, p := range processes {
		(<-p).Succeeded(d.T)
	}
	at, end := d.committed(d.name+"-by-word", d.name+"-by-word")
	if n := d.unread(d.name+"-by-word", end-at); n > 0 || at == 0 {
		d.Errorf("of what was on its way %d offsets of %d were read, and %d records are left", at, end, n)
	}
}

// unread counts the records that a group hasn't read of its topic, of that name, where so
// many offsets are left. The control messages of a container that took over from another
// as both ended mean nothing to anybody.
func (d *drained) unread(topic string, left int) (n int) {
	d.Helper()
	if left == 0 {
		return 0
	}
	offsets, err := kadm.NewClient(d.cluster.Franz(d)).FetchOffsets(d.Context(), topic)
	if err != nil {
		d.Fatal(err)
	}
	client := d.cluster.Franz(d, kgo.ConsumePartitions(offsets.KOffsets()))
	ctx, cancel := context.WithTimeout(d.Context(), 2*time.Second)
	defer cancel()
	for ctx.Err() == nil { // markers are no records: there may be nothing to come
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if len(r.Headers) == 0 || r.Headers[0].Key != stream.ControlHeader {
				n++
			}
		})
	}
	return n
}

// A job under load stops with nothing in flight, twice, and each time goes on where it
// stopped, with exact results.
func TestDrain_UnderLoad(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{"exactly once": nil, "at least once": {"-at-least-once"}} {
		t.Run(name, func(t *testing.T) {
			d := &drained{pair{t, oneBroker.Cluster(t), strings.ToLower(strings.ReplaceAll(kafkatest.Name(t), " ", "-"))}, make(map[string]int)}
			for _, topic := range []string{"words", "counts"} {
				d.cluster.CreateTopic(t, d.topic(topic), 4, nil)
			}
			dir := t.TempDir()
			stop := d.load()
			for round := range 2 {
				a, b := d.run(filepath.Join(dir, "a"), more...), d.run(filepath.Join(dir, "b"), more...)
				d.until("share the tasks", func(s model.Job) bool {
					return len(s.Stages) == 2 && len(s.Stages[0].Members) == 2 && len(s.Stages[1].Members) == 2 && s.Stages[1].State == "stable"
				})
				d.total((round + 1) * 5000)
				d.drain(a, b)
				read, sent := d.committed(d.name+"-"+d.firstStage(), d.topic("words"))
				if got := totalOf(d.total(read)); got != read || read == 0 || read >= sent {
					t.Errorf("of %d records %d were read, and %d are in the results", sent, read, got)
				}
			}
			stop()
			last := d.run(filepath.Join(dir, "a"), more...)
			got := d.total(totalOf(d.sent))
			for word, n := range d.sent {
				if got[word] != n {
					t.Errorf("%s came %d times, and was counted %d times", word, n, got[word])
				}
			}
			d.drain(last)
		})
	}
}

func (d *drained) firstStage() string { return d.status().Stages[0].Name }

func totalOf(of map[string]int) (n int) {
	for _, m := range of {
		n += m
	}
	return n
}
