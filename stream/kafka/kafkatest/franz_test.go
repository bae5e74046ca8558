package kafkatest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// This test needs no installation, so it has no build tag.
func TestFake_StoresRecords(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seeds := Fake(t, kfake.NumBrokers(2), kfake.SeedTopics(1, "greetings"))
	if len(seeds) != 2 {
		t.Errorf("%d brokers, want 2", len(seeds))
	}
	client := Franz(t, seeds, kgo.ConsumeTopics("greetings"))
	for _, v := range []string{"a", "b"} {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: "greetings", Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for len(got) < 2 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetches.Records() {
			got = append(got, string(r.Value))
		}
	}
	if want := []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
