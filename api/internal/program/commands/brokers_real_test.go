//go:build real

package commands_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A visit is what the jobs of these tests read: the Seq-th of its user.
type visit struct {
	User string `json:"user"`
	Seq  int    `json:"seq"`
	At   int64  `json:"at"` // ms since 1970
}

// A fire is a job under test on three brokers, and what goes in and comes out of
// it. The input's visits are written by another client, and the output is read by
// another.
type fire struct {
	*testing.T
	cluster *kafkatest.Cluster
	app     string
	stop    context.CancelFunc
	result  chan programtest.Result
	fed     atomic.Int64
	truth   map[string]int64 // visits of each user and second
}

const (
	fireUsers      = 40
	firePartitions = 6
)

// ignite starts the job: it copies the visits, and counts those of each user in
// each second behind a repartition topic.
func ignite(t *testing.T, c *kafkatest.Cluster, args ...string) *fire {
	f := &fire{T: t, cluster: c, app: strings.ToLower(kafkatest.Name(t)), result: make(chan programtest.Result, 1), truth: map[string]int64{}}
	for _, topic := range []string{"visits", "copy", "counts"} {
		c.CreateTopic(t, f.topic(topic), firePartitions, nil)
	}
	app := api.New(f.app)
	in := app.From(f.topic("visits"), api.EventTime(func(v visit) time.Time { return time.UnixMilli(v.At) }))
	in.Filter(func(v visit) bool { return v.User != "" }).To(f.topic("copy"))
	in.PartitionBy("by-user", func(v visit) string { return v.User }).
		Window("per-second", api.Tumbling(time.Second)).
		Count().
		To(f.topic("counts"))
	ctx, cancel := context.WithCancel(t.Context())
	f.stop = cancel
	args = append([]string{"run", "-kafka", strings.Join(c.Bootstrap(), ","), "-data", t.TempDir(), "-commit-interval", "200ms"}, args...)
	go func() { f.result <- runMain(ctx, app, args...) }()
	t.Cleanup(func() {
		cancel()
		if r := <-f.result; t.Failed() {
			t.Logf("the job has ended by %d, and said:\n%s", r.Code, r.Err)
		}
	})
	return f
}

func (f *fire) topic(name string) string { return f.app + "." + name }

// feed writes visits until ctx is done, and then what closes all windows. It
// returns how many there were.
func (f *fire) feed(ctx context.Context, rate int, padding int) int64 {
	client := f.cluster.Franz(f, kgo.DefaultProduceTopic(f.topic("visits")), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.ManualFlushing())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	seqs := map[string]int{}
	at := time.Date(2014, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	pad := strings.Repeat("x", padding)
	send := func(v visit) {
		value, err := json.Marshal(struct {
			visit
			Pad string `json:"pad,omitempty"`
		}{v, pad})
		if err != nil {
			f.Error(err)
		}
		r := &kgo.Record{Key: []byte(v.User), Value: value}
		client.Produce(context.WithoutCancel(ctx), r, func(_ *kgo.Record, err error) {
			if err != nil {
				f.Errorf("feeding: %v", err)
			}
		})
	}
	for n := 0; ctx.Err() == nil; {
		for range rate / 20 {
			user := "user-" + strconv.Itoa(n%fireUsers)
			seqs[user]++
			at++
			send(visit{user, seqs[user], at})
			f.truth[user+"@"+strconv.FormatInt(at/1000*1000, 10)]++
			n++
			f.fed.Add(1)
		}
		if err := client.Flush(context.WithoutCancel(ctx)); err != nil {
			f.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	// Enough users to reach every partition; their own windows stay open.
	for i := range 30 * firePartitions {
		send(visit{"end-" + strconv.Itoa(i), 1, at + time.Hour.Milliseconds()})
	}
	if err := client.Flush(context.WithoutCancel(ctx)); err != nil {
		f.Fatal(err)
	}
	return f.fed.Load()
}

// check reads what came out, until it is all there, and compares it: each visit
// copied once, those of a user in order, each window counted right, once.
func (f *fire) check() {
	f.Helper()
	client := f.cluster.Franz(f, kgo.ConsumeTopics(f.topic("copy"), f.topic("counts")), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(f.Context(), 2*time.Minute)
	defer cancel()
	last, copied, counts := map[string]int{}, int64(0), map[string]int64{}
	for copied < f.fed.Load() || len(counts) < len(f.truth) {
		fetched := client.PollFetches(ctx)
		if ctx.Err() != nil {
			f.Fatalf("%d of %d visits were copied, %d of %d windows counted; %s", copied, f.fed.Load(), len(counts), len(f.truth), f.cluster.Unfinished(f.Context()))
		}
		fetched.EachRecord(func(r *kgo.Record) {
			if r.Topic == f.topic("counts") {
				f.counted(counts, r.Value)
				return
			}
			var v visit
			if err := json.Unmarshal(r.Value, &v); err != nil {
				f.Fatal(err)
			}
			if strings.HasPrefix(v.User, "end-") {
				return
			}
			if v.Seq != last[v.User]+1 {
				f.Errorf("visit %d of %s comes after %d", v.Seq, v.User, last[v.User])
			}
			last[v.User] = v.Seq
			copied++
		})
		if f.Failed() {
			f.FailNow()
		}
	}
	if !maps.Equal(counts, f.truth) {
		f.Error("the counts are wrong")
	}
	f.caughtUp(ctx)
}

// caughtUp waits until the stages' groups have no lag, in the eyes of a tool that
// knows nothing of the job.
func (f *fire) caughtUp(ctx context.Context) {
	f.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, group := range []string{f.app + "-" + f.topic("visits"), f.app + "-by-user"} {
		for {
			lags, err := f.cluster.Admin().Lag(ctx, group)
			if lag := lags[group].Lag; err == nil && len(lag) == 1 && lag.Total() == 0 {
				break
			}
			select {
			case <-ctx.Done():
				f.Fatalf("group %s still lags: %+v, %v; %s", group, lags[group], err, f.cluster.Unfinished(f.Context()))
			case <-tick.C:
			}
		}
	}
}

func (f *fire) counted(counts map[string]int64, value []byte) {
	var pane struct {
		Key   string `json:"key"`
		Start int64  `json:"start"`
		Value int64  `json:"value"`
	}
	if err := json.Unmarshal(value, &pane); err != nil {
		f.Fatal(err)
	}
	window := fmt.Sprintf("%s@%d", pane.Key, pane.Start)
	if old, ok := counts[window]; ok {
		f.Errorf("window %s was written twice, with %d and %d", window, old, pane.Value)
	}
	counts[window] = pane.Value
}

// out stops the job, which must not have failed.
func (f *fire) out() {
	f.Helper()
	select {
	case r := <-f.result:
		f.result <- r
		f.Fatalf("the job has ended by itself: exit %d\n%s", r.Code, r.Err)
	default:
	}
	f.stop()
	r := <-f.result
	f.result <- r
	r.Succeeded(f.T)
}

// progress waits until the job has copied more.
func (f *fire) progress() {
	f.Helper()
	topic := f.topic("copy")
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	ends := func() (n int64) {
		list, err := f.cluster.Admin().ListEndOffsets(ctx, topic)
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range list[topic] {
			n += p.Offset
		}
		return n
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for first := ends(); ends() <= first+300; {
		select {
		case <-ctx.Done():
			f.Fatal("the job doesn't get on")
		case <-tick.C:
		}
	}
}

// fireSeconds is how long a broker stays away.
func fireSeconds(t *testing.T) time.Duration {
	text := os.Getenv("GRETE_OUTAGE")
	if text == "" {
		return 10 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// While brokers are stopped, killed and restarted, and leaderships move, the job goes on,
// and nothing is missing, doubled or out of order.
func TestUnderFire_BrokersRestart(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	f := ignite(t, c, "-containers", "2")
	ctx, cancel := context.WithCancel(t.Context())
	fed := make(chan int64, 1)
	go func() { fed <- f.feed(ctx, 500, 0) }()
	f.progress()
	for i, step := range []func(){
		func() { c.MoveLeaders(t, f.topic("visits"), 2) },
		func() { c.MoveLeaders(t, f.app+"-by-user", 3) },
		func() { c.Stop(t, 1); f.wait(fireSeconds(t)); c.Restart(t, 1) },
		func() { c.MoveLeaders(t, f.topic("copy"), 1); c.MoveLeaders(t, f.app+"-per-second-changelog", 1) },
		func() { c.Kill(t, 1); f.wait(fireSeconds(t)); c.Restart(t, 1) },
		func() { c.Pause(t, 2); f.wait(fireSeconds(t)); c.Resume(t, 2) },
	} {
		step()
		f.progress()
		t.Logf("step %d is over, %d visits fed", i+1, f.fed.Load())
	}
	cancel()
	t.Logf("%d visits in all", <-fed)
	f.check()
	f.out()
}

// wait waits while something is unavailable.
func (f *fire) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.Context().Done():
	}
}

// A slow broker slows the job down, and nothing else: its memory stays bounded, and when
// the broker recovers, all results exist.
func TestUnderFire_SlowBroker(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3, Proxied: true})
	const memory = 64 << 20
	f := ignite(t, c, "-memory", "64MB")
	c.MoveLeaders(t, f.topic("copy"), 3)
	ctx, cancel := context.WithCancel(t.Context())
	fed := make(chan int64, 1)
	go func() { fed <- f.feed(ctx, 20000, 800) }()
	f.progress()
	before := heap()
	c.Proxy(t, 3).Limit(500 << 10)
	most := uint64(0)
	for end := time.Now().Add(fireSeconds(t)); time.Now().Before(end); {
		f.wait(100 * time.Millisecond)
		most = max(most, heap())
	}
	t.Logf("%d MB on the heap before, %d MB at most while the broker was slow, %d visits", before>>20, most>>20, f.fed.Load())
	if most > 2*memory+before {
		t.Errorf("%d bytes on the heap, of a job with 2 containers of %d", most, memory)
	}
	c.Proxy(t, 3).Heal()
	cancel()
	<-fed
	f.check()
	f.out()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
