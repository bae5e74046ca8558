//go:build real

package kafkatest

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestStart(t *testing.T) {
	begun := time.Now()
	c := Start(t, Options{})
	t.Log("started in", time.Since(begun))
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Bootstrap()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, 1, 1, nil, "greetings"); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "greetings", Value: []byte("hello")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	cl.AddConsumeTopics("greetings")
	fetches := cl.PollFetches(ctx)
	if r := fetches.Records(); len(r) != 1 || string(r[0].Value) != "hello" {
		t.Error(r, fetches.Err())
	}
}
