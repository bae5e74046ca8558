//go:build real

package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/gretestream/grete/stream/harnesstest"
)

var shared Shared

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(shared.Around(m))
}

// within returns a context for anything that a busy machine may delay.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// write sends values to a topic and waits for all of them.
func write(t testing.TB, client *kgo.Client, topic string, values ...string) {
	t.Helper()
	if err := <-writeAsync(t, client, topic, values...); err != nil {
		t.Fatal(err)
	}
}

// writeAsync is write without waiting.
func writeAsync(t testing.TB, client *kgo.Client, topic string, values ...string) <-chan error {
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: topic, Value: []byte(v)})
	}
	ctx, done := within(t), make(chan error, 1)
	go func() { done <- client.ProduceSync(ctx, records...).FirstErr() }()
	return done
}

// read returns the first n values of a topic with one partition.
func read(t testing.TB, client *kgo.Client, topic string, n int) []string {
	t.Helper()
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}})
	defer client.RemoveConsumePartitions(map[string][]int32{topic: {0}})
	var values []string
	for len(values) < n {
		fetches := client.PollFetches(within(t))
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(values), n, err)
		}
		for _, r := range fetches.Records() {
			values = append(values, string(r.Value))
		}
	}
	return values
}

func expect(t testing.TB, client *kgo.Client, topic string, want ...string) {
	t.Helper()
	if got := read(t, client, topic, len(want)); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// waitFor polls until a condition holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	err := harnesstest.Poll(t.Context(), time.Minute, func(context.Context) error {
		if !holds() {
			return errors.New("the condition doesn't hold")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// alive reports whether a process exists.
func alive(pid int) bool {
	return exec.Command("kill", "-0", fmt.Sprint(pid)).Run() == nil
}
