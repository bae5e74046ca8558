package kafka

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

// A cluster may have a hundred thousand topics, whose names must not be sent every few
// seconds.
func TestSystem_NeverListsAllTopics(t *testing.T) {
	c := fakeCluster(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "topic"))
	var asked, all atomic.Int32
	c.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		asked.Add(1)
		if r := req.(*kmsg.MetadataRequest); r.Topics == nil {
			all.Add(1)
		}
		return nil, nil, false
	})
	s := openSystem(t, Options{Brokers: c.ListenAddrs()})
	if _, err := s.Admin().Ends(t.Context(), linktest.At("topic", 0)); err != nil {
		t.Fatal(err)
	}
	if asked.Load() < 3 || all.Load() != 0 {
		t.Errorf("of %d requests for metadata %d ask for all topics", asked.Load(), all.Load())
	}
}

// One good address is enough, without a long delay.
func TestOpen_DeadAddresses(t *testing.T) {
	c := fakeCluster(t, kfake.NumBrokers(1))
	for range 5 { // the order is by chance
		began := time.Now()
		openSystem(t, Options{Brokers: []string{mute(t), unused(t), c.ListenAddrs()[0], mute(t)}})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %s", took)
		}
	}
}

// The broker at the given address stays, others come and go.
func TestSystem_BrokersComeAndGo(t *testing.T) {
	c := fakeCluster(t, kfake.NumBrokers(2), kfake.SeedTopics(1, "topic"))
	s := openSystem(t, Options{Brokers: c.ListenAddrs()[:1], Patience: 20 * time.Second})
	ends := func(when string) {
		t.Helper()
		if got, err := s.Admin().Ends(t.Context(), linktest.At("topic", 0)); err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", when, got, err)
		}
	}
	linktest.Must(t, c.MoveTopicPartition("topic", 0, 1))
	ends("in the beginning")
	linktest.Must(t, c.RemoveNode(1))
	ends("when a broker has gone")
	if _, _, err := c.AddNode(1, 0); err != nil {
		t.Fatal(err)
	}
	linktest.Must(t, c.MoveTopicPartition("topic", 0, 1))
	ends("when it is back at another port")
	if _, _, err := c.AddNode(7, 0); err != nil {
		t.Fatal(err)
	}
	linktest.Must(t, c.MoveTopicPartition("topic", 0, 7))
	ends("when there is a new broker")
}

func TestClose_NoGoroutineLeaks(t *testing.T) {
	c := fakeCluster(t, kfake.NumBrokers(2), kfake.SeedTopics(4, "topic"))
	http := listener(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))
	for name, use := range map[string]func(t *testing.T){
		"a system in use": func(t *testing.T) {
			s, err := Open(t.Context(), Options{Brokers: c.ListenAddrs()})
			linktest.Must(t, err)
			_, err = s.Admin().Ends(t.Context(), linktest.At("topic", 0), linktest.At("topic", 1), linktest.At("topic", 2), linktest.At("topic", 3))
			linktest.Must(t, err)
			linktest.Must(t, s.Close())
			if _, err := s.Admin().Ends(t.Context(), linktest.At("topic", 0)); !errors.Is(err, stream.ErrClosed) {
				t.Errorf("a closed system says %v", err)
			}
			linktest.Must(t, s.Close())
		},
		"an address that doesn't answer": func(t *testing.T) {
			_, err := Open(t.Context(), Options{Brokers: []string{mute(t), mute(t)}, Patience: time.Millisecond})
			if err == nil {
				t.Error("the connection is still open")
			}
		},
		"a refusal": func(t *testing.T) {
			_, err := Open(t.Context(), Options{Brokers: []string{http}})
			if err == nil {
				t.Error("the connection is still open")
			}
		},
		"a caller who has no time": func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := Open(ctx, Options{Brokers: []string{mute(t)}})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			use(t)
			goleak.VerifyNone(t, before)
		})
	}
}

// A request to a broker that has fallen silent ends with an error at once.
func TestClose_EndsExchanges(t *testing.T) {
	silent := make(chan struct{})
	c := fakeCluster(t, kfake.NumBrokers(1))
	t.Cleanup(func() { close(silent) })
	s, err := Open(t.Context(), Options{Brokers: c.ListenAddrs()})
	linktest.Must(t, err)
	arrived := make(chan struct{})
	var first sync.Once
	c.ControlKey(int16(kmsg.FindCoordinator), func(kmsg.Request) (kmsg.Response, error, bool) {
		first.Do(func() { close(arrived) }) // it asks again, where the test is slow
		<-silent
		return nil, nil, false
	})
	failed := make(chan error)
	go func() {
		_, err := s.Admin().Committed(t.Context(), "g", linktest.At("topic", 0))
		failed <- err
	}()
	<-arrived
	began := time.Now()
	linktest.Must(t, s.Close())
	if err := <-failed; !errors.Is(err, stream.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// The error names the broker and the timeout.
func TestExchange_TimeoutNamesBroker(t *testing.T) {
	silent := make(chan struct{})
	c := fakeCluster(t, kfake.NumBrokers(1))
	t.Cleanup(func() { close(silent) })
	s := openSystem(t, Options{Brokers: c.ListenAddrs()})
	c.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		<-silent
		return nil, nil, false
	})
	for node, says := range map[int32]string{0: "broker 0: no answer within 100ms", link.AnyBroker: c.ListenAddrs()[0] + ": no answer within 100ms", 9: "broker 9: the cluster doesn't list this broker now"} {
		_, err := s.client.Link.Exchange(t.Context(), node, &metadata.Request{TopicNames: []string{}}, 100*time.Millisecond)
		var away *kerr.UnreachableError
		if !errors.As(err, &away) || !kerr.Temporary(err) || err.Error() != says {
			t.Errorf("the error of %d is %v, want %s", node, err, says)
		}
	}
}

func TestAddresses(t *testing.T) {
	got, err := addresses([]string{"kafka", "kafka:1", "127.0.0.1:65535", "[::1]:9092"})
	if want := "kafka:9092 kafka:1 127.0.0.1:65535 [::1]:9092"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("addresses are %v, %v, want %s", got, err, want)
	}
	for _, bad := range []string{"", ":9092", "kafka:", "kafka:0", "kafka:65536", "kafka:-1", "kafka:http", "::1", "a:1,b:2", "kafka://a:1", "a b:1"} {
		if got, err := addresses([]string{"good:1", bad}); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		} else if !strings.Contains(err.Error(), "host:port") {
			t.Errorf("the error of %q is %v", bad, err)
		}
	}
}
