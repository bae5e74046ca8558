package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/admin"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

func TestListOffsets_OneRequestPerLeader(t *testing.T) {
	s := newScript(1, 2, 1, 3)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		got, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 3), linktest.At("t", 0), linktest.At("t", 2), linktest.At("t", 1), linktest.At("t", 3)})
		if err != nil || !slices.Equal(got, []int64{300, 0, 200, 100, 300}) {
			t.Errorf("offsets are %v, %v", got, err)
		}
		if want := []string{"-1 Metadata", "1 ListOffsets", "2 ListOffsets", "3 ListOffsets"}; !slices.Equal(s.requests, want) {
			t.Errorf("asked are %v, want %v", s.requests, want)
		}
	})
}

func TestListOffsets_LeaderMoves(t *testing.T) {
	all := []stream.TopicPartition{linktest.At("t", 0), linktest.At("t", 1), linktest.At("t", 2)}
	for name, change := range map[string]func(*script){
		"one is elsewhere":            func(s *script) { s.listed = []int32{1, 3, 3} },
		"none is where it was":        func(s *script) { s.listed = []int32{3, 1, 2} },
		"one has no leader":           func(s *script) { s.listed = []int32{1, cluster.NoLeader, 3} },
		"a leader isn't ready":        func(s *script) { s.codes = []kerr.Code{kerr.OffsetNotAvailable, 0, kerr.UnknownTopic} },
		"a leader is dead, then back": func(s *script) { s.down[2] = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(1, 2, 3)
			s.run(t, func(t *testing.T, sys *cluster.Client) {
				change(s)
				s.later(3*time.Second, func() { clear(s.down) })
				got, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, all)
				if err != nil || !slices.Equal(got, []int64{0, 100, 200}) {
					t.Errorf("offsets are %v, %v", got, err)
				}
				if s.count(protocol.Metadata) < 2 {
					t.Errorf("no broker got a request for the new leader: %v", s.requests)
				}
			})
		})
	}
}

// A successful part of an answer is kept.
func TestListOffsets_RetriesOnlyFailed(t *testing.T) {
	s := newScript(1, 2, 3)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		s.listed = []int32{1, 3, 3}
		if _, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 0), linktest.At("t", 1), linktest.At("t", 2)}); err != nil {
			t.Fatal(err)
		}
	})
	if want := []string{"-1 Metadata", "1 ListOffsets", "3 ListOffsets", "-1 Metadata", "2 ListOffsets"}; !slices.Equal(s.requests, want) {
		t.Errorf("asked are %v, want %v", s.requests, want)
	}
}

func TestListOffsets_LeaderUnavailable(t *testing.T) {
	s := newScript(1, 2)
	s.down[2] = true
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		began := time.Now()
		_, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 0), linktest.At("t", 1)})
		var away *kerr.UnreachableError
		if !errors.As(err, &away) || !strings.Contains(err.Error(), "tried for 1m") || !strings.Contains(err.Error(), "t/1") {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took < time.Minute || took > 2*time.Minute {
			t.Errorf("took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := sys.ListOffsets(ctx, cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 1)}); !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &away) {
			t.Errorf("after the caller's time the error is %v", err)
		}
	})
}

// Final errors are returned at once, and take precedence over those that pass.
func TestListOffsets_FinalErrors(t *testing.T) {
	s := newScript(1, 2)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		began := time.Now()
		for _, tp := range []stream.TopicPartition{linktest.At("missing", 0), linktest.At("t", 2), linktest.At("t", -1)} {
			if _, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 0), tp}); !errors.Is(err, stream.ErrUnknownTopic) || !strings.Contains(err.Error(), tp.Topic) {
				t.Errorf("the error of %s is %v", tp, err)
			}
		}
		s.codes = []kerr.Code{kerr.NotLeader, kerr.TopicDenied}
		if _, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", 0), linktest.At("t", 1)}); !errors.Is(err, kerr.TopicDenied) || !strings.Contains(err.Error(), `must allow Describe on topic "t"`) {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestListOffsets_TopicGrows(t *testing.T) {
	s := newScript(1, 2)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		ask := func(p int32) error {
			_, err := sys.ListOffsets(t.Context(), cluster.LatestOffset, cluster.ReadCommitted, []stream.TopicPartition{linktest.At("t", p)})
			return err
		}
		if err := ask(0); err != nil {
			t.Fatal(err)
		}
		s.leads = append(s.leads, 3)
		if err := ask(2); err != nil {
			t.Error(err)
		}
	})
}

func TestSendToCoordinator_Retries(t *testing.T) {
	for name, change := range map[string]func(*script){
		"moved":                 func(s *script) { s.coordinator = 2 },
		"is loading":            func(s *script) { s.codes = []kerr.Code{kerr.CoordinatorLoading, kerr.CoordinatorLoading} },
		"has an unstable group": func(s *script) { s.codes = []kerr.Code{kerr.UnstableOffset, kerr.CoordinatorNotAvailable} },
		"died":                  func(s *script) { s.down[1], s.coordinator = true, 3 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(1)
			s.run(t, func(t *testing.T, sys *cluster.Client) {
				committed := func() {
					got, err := admin.New(sys).Committed(t.Context(), "g", linktest.At("t", 0), linktest.At("u", 1))
					if err != nil || !slices.Equal(got, []int64{7, 7}) {
						t.Errorf("offsets are %v, %v", got, err)
					}
				}
				committed()
				change(s)
				committed()
				change(s)
				if err := sys.CommitOffsets(t.Context(), stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: linktest.At("t", 0), Offset: 1}}}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestCommitOffsets_GroupInUse(t *testing.T) {
	s := newScript(1)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		for _, x := range []struct {
			failed kerr.Code
			says   string
		}{
			{kerr.UnknownMember, "stop them, or use another group"}, {kerr.RebalanceInProgress, "stop them, or use another group"}, {kerr.IllegalGeneration, "stop them, or use another group"},
			{kerr.GroupDenied, `Read on group "g"`}, {kerr.TopicDenied, `Read on topic "t"`},
		} {
			s.codes = []kerr.Code{x.failed}
			err := sys.CommitOffsets(t.Context(), stream.GroupOffsets{Group: "g", Positions: []stream.Position{{TopicPartition: linktest.At("t", 0), Offset: 1}}})
			if !errors.Is(err, x.failed) || !strings.Contains(err.Error(), x.says) || !strings.Contains(err.Error(), "group g") {
				t.Errorf("the error of %v is %v", x.failed, err)
			}
		}
	})
}

func TestCreateTopic_ControllerMoves(t *testing.T) {
	for name, change := range map[string]func(*script){
		"moved":                          func(s *script) { s.controller = 3 },
		"died":                           func(s *script) { s.down[1], s.controller = true, 2 },
		"answered late, and has made it": func(s *script) { s.codes = []kerr.Code{kerr.RequestTimedOut} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(1, 2)
			s.leads = []int32{2, 3}
			s.run(t, func(t *testing.T, sys *cluster.Client) {
				change(s)
				if err := admin.New(sys).CreateTopic(t.Context(), stream.TopicConfig{Name: "new", Partitions: 2}); err != nil {
					t.Error(err)
				}
				if len(s.created) != 1 {
					t.Errorf("made are %v", s.created)
				}
				if err := admin.New(sys).CreateTopic(t.Context(), stream.TopicConfig{Name: "new", Partitions: 2}); !errors.Is(err, stream.ErrTopicExists) {
					t.Errorf("making it again is %v", err)
				}
			})
		})
	}
}

// CreateTopic waits until each partition has a leader.
func TestCreateTopic_WaitsForLeaders(t *testing.T) {
	s := newScript(1, cluster.NoLeader)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		s.later(5*time.Second, func() { s.leads[1] = 3 })
		began := time.Now()
		if err := admin.New(sys).CreateTopic(t.Context(), stream.TopicConfig{Name: "new", Partitions: 2}); err != nil {
			t.Error(err)
		}
		if time.Since(began) < 5*time.Second {
			t.Error("CreateTopic returned while a partition had no leader")
		}
		for node := 1; node <= 3; node++ {
			if !slices.Contains(s.requests, fmt.Sprintf("%d Metadata", node)) {
				t.Errorf("broker %d wasn't asked whether it knows the topic", node)
			}
		}
	})
}

func TestErrors_HaveBrokerMessage(t *testing.T) {
	s := newScript(1)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		s.codes = []kerr.Code{kerr.PolicyViolation}
		err := admin.New(sys).CreateTopic(t.Context(), stream.TopicConfig{Name: "new", Partitions: 2})
		if !errors.Is(err, kerr.PolicyViolation) || !strings.HasSuffix(err.Error(), ": Says the broker") {
			t.Errorf("the error is %v", err)
		}
		s.codes = []kerr.Code{kerr.PolicyViolation}
		err = admin.New(sys).DeleteRecords(t.Context(), stream.Position{TopicPartition: linktest.At("t", 0), Offset: 1})
		if !errors.Is(err, kerr.PolicyViolation) || !strings.Contains(err.Error(), "cleanup.policy=delete only") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestDeleteRecords_OutOfRange(t *testing.T) {
	s := newScript(1, 2)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		for offset, troubles := range map[int64][]kerr.Code{-1: nil, 101: {kerr.OffsetOutOfRange}} {
			s.codes = troubles
			var outside *stream.OffsetOutOfRangeError
			err := admin.New(sys).DeleteRecords(t.Context(), stream.Position{TopicPartition: linktest.At("t", 1), Offset: offset})
			if !errors.As(err, &outside) || *outside != (stream.OffsetOutOfRangeError{TopicPartition: linktest.At("t", 1), Offset: offset, Start: 100, End: 100}) {
				t.Errorf("the error is %v", err)
			}
		}
		if s.codes = []kerr.Code{kerr.NotLeader, 0, 0}; admin.New(sys).DeleteRecords(t.Context(), stream.Position{TopicPartition: linktest.At("t", 1), Offset: 1}, stream.Position{TopicPartition: linktest.At("t", 0), Offset: 1}) != nil {
			t.Error("a leader that has moved is the end")
		}
	})
}

// When the given addresses are dead, another broker answers.
func TestSendAny_AnyBrokerWillDo(t *testing.T) {
	s := newScript(1)
	s.run(t, func(t *testing.T, sys *cluster.Client) {
		s.down[link.AnyBroker], s.down[1] = true, true
		s.coordinator = 2
		if _, err := admin.New(sys).Committed(t.Context(), "g", linktest.At("t", 0)); err != nil {
			t.Error(err)
		}
		clear(s.down)
		s.requests = nil
		if _, err := admin.New(sys).Partitions(t.Context(), "t"); err != nil || !slices.Equal(s.requests, []string{"2 Metadata"}) {
			t.Errorf("%v, the requests are %v", err, s.requests)
		}
		s.down = maps.Collect(maps.All(map[int32]bool{link.AnyBroker: true, 1: true, 2: true, 3: true}))
		if _, err := admin.New(sys).Partitions(t.Context(), "t"); err == nil {
			t.Error("the dead answer")
		}
	})
}
