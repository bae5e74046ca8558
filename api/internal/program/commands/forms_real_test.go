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

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/metrics/model"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// Two forms in which a job keeps how often a word came. The second one is read from the
// first.
type (
	count1 struct{ N int64 }
	count2 struct{ Count, Doubled int64 }
)

// A mixed job keeps values of two forms.
type mixed struct {
	pair
	args  []string
	sent  map[string]int64
	store string // as it was dumped last
}

// version is the app that writes the n-th form.
func (m *mixed) version(n int) *api.App {
	app := api.New(m.name)
	words := app.From[word](m.topic("words")).PartitionBy("by-word", func(w word) string { return w.Word })
	if n == 1 {
		words.Fold("count", func(c count1, _ word) count1 { return count1{c.N + 1} }).Updates().Map(func(c count1) int64 { return c.N }).To(m.topic("counts"))
		return app
	}
	words.Fold("count", func(c count2, _ word) count2 { return count2{c.Count + 1, c.Doubled + 2} }, api.Upgrade(func(c count1) count2 { return count2{c.N, 2 * c.N} })).
		Updates().Map(func(c count2) int64 { return c.Doubled / 2 }).To(m.topic("counts"))
	return app
}

// run starts a process of a version.
func (m *mixed) run(n int, dir string, more ...string) (stop func()) {
	ctx, cancel := context.WithCancel(m.Context())
	ended := make(chan programtest.Result, 1)
	args := append([]string{"-kafka", strings.Join(m.cluster.Bootstrap(), ","), "-data", dir, "-commit-interval", "50ms", "-session-timeout", "6s"}, more...)
	go func() { ended <- runMain(ctx, m.version(n), append(args, m.args...)...) }()
	stop = func() {
		cancel()
		r := <-ended
		ended <- r
		r.Succeeded(m.T)
	}
	m.Cleanup(stop)
	return stop
}

// send sends each of the words from w0 up to a number once, and waits for their counts.
func (m *mixed) send(words int) {
	m.Helper()
	client := m.cluster.Franz(m, kgo.DefaultProduceTopic(m.topic("words")))
	for i := range words {
		w := fmt.Sprint("w", i)
		m.sent[w]++
		if err := client.ProduceSync(m.Context(), kgo.StringRecord(`{"word":"`+w+`"}`)).FirstErr(); err != nil {
			m.Fatal(err)
		}
	}
	reader := m.cluster.Franz(m, kgo.ConsumeTopics(m.topic("counts")), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	ctx, cancel := context.WithTimeout(m.Context(), time.Minute)
	defer cancel()
	left := len(m.sent)
	for got := make(map[string]int64); left > 0; {
		fetched := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			m.Fatalf("%d of %d words aren't counted right: %v", left, len(m.sent), got)
		}
		fetched.EachRecord(func(r *kgo.Record) {
			w, n := string(r.Key), int64(binary.BigEndian.Uint64(r.Value))
			if n == m.sent[w] && got[w] != n {
				left--
			}
			if got[w] = n; n > m.sent[w] {
				m.Fatalf("%s came %d times, and was counted %d times", w, m.sent[w], n)
			}
		})
	}
}

// dumps checks that the store has all words with their counts, in the current form
// whatever the stored one is.
func (m *mixed) dumps() {
	m.Helper()
	r := runMain(m.Context(), m.version(2), "stores", "dump", "count", "-kafka", strings.Join(m.cluster.Bootstrap(), ",")).Succeeded(m.T)
	m.store = r.Out
	for w, n := range m.sent {
		if line := fmt.Sprintf(`{"key":%q,"value":{"Count":%d,"Doubled":%d}}`+"\n", w, n, 2*n); !strings.Contains(r.Out, line) {
			m.Errorf("%q isn't in\n%s", line, r.Out)
		}
	}
	if strings.Count(r.Out, "\n") != len(m.sent) {
		m.Errorf("it has %d lines", strings.Count(r.Out, "\n"))
	}
}

// says checks what status says about values in the former form.
func (m *mixed) says(want string) {
	m.Helper()
	r := runMain(m.Context(), m.version(2), "status", "-kafka", strings.Join(m.cluster.Bootstrap(), ",")).Succeeded(m.T)
	if want != "" && !strings.Contains(r.Out, want) || want == "" && strings.Contains(r.Out, "former") || strings.Contains(r.Out, "missing") {
		m.Errorf("want %q in\n%s", want, r.Out)
	}
}

// While a store has values of two forms, standbys follow it and take it over, dumps show
// it, and nothing is counted twice or lost.
func TestUpgrade_MixedFormsWithStandbys(t *testing.T) {
	t.Parallel()
	c := oneBroker.Cluster(t)
	for name, args := range map[string][]string{"exactly once": nil, "at least once": {"-at-least-once"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &mixed{pair: pair{t, c, strings.ToLower(kafkatest.Name(t))}, args: args, sent: make(map[string]int64)}
			for _, topic := range []string{"words", "counts"} {
				c.CreateTopic(t, m.topic(topic), 4, nil)
			}
			dir := t.TempDir()
			stop := m.run(1, filepath.Join(dir, "a"))
			m.send(40)
			stop()
			stopA := m.run(2, filepath.Join(dir, "a"), "-standbys", "1")
			stopB := m.run(2, filepath.Join(dir, "b"), "-standbys", "1")
			m.until("share the tasks, with standbys", func(s model.Job) bool {
				return even(s) && len(s.Stages[1].Members[0].Standbys) == 2 && len(s.Stages[1].Members[1].Standbys) == 2
			})
			m.send(15)
			m.dumps()
			m.says("store count: 25 values left in the former form json {N:int64}\n")
			stopA() // the other one takes over what it has followed
			m.send(30)
			m.dumps()
			m.says("store count: 10 values left in the former form json {N:int64}\n")
			m.send(40)
			m.dumps()
			m.says("")
			running := m.store
			stopB()
			if m.dumps(); m.store != running {
				t.Errorf("the changelog has\n%s\nthe job said\n%s", m.store, running)
			}
		})
	}
}
