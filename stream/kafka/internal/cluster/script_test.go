package cluster_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// A script is a cluster of brokers 1 to 3 with topic "t", which behave as the test says.
// It belongs to the goroutine of the test.
type script struct {
	leads       []int32 // the leader of each partition, as it is
	listed      []int32 // as brokers say; nil: as it is
	coordinator int32
	controller  int32
	down        map[int32]bool // who doesn't answer
	// The codes of a broker's next answers; after these, requests succeed.
	codes    []kerr.Code
	requests []string // "node kind", of all requests that arrive
	created  []createtopics.RequestTopic

	change   func() // is done when
	changeAt time.Time
}

// later makes something happen after a while.
func (s *script) later(d time.Duration, change func()) {
	s.change, s.changeAt = change, time.Now().Add(d)
}

func newScript(leads ...int32) *script {
	return &script{leads: leads, coordinator: 1, controller: 1, down: make(map[int32]bool)}
}

func (s *script) nextCode() kerr.Code {
	if len(s.codes) == 0 {
		return 0
	}
	c := s.codes[0]
	s.codes = s.codes[1:]
	return c
}

func (s *script) serve(_ context.Context, node int32, req protocol.Message) (protocol.Message, error) {
	if s.change != nil && !time.Now().Before(s.changeAt) {
		s.change()
		s.change = nil
	}
	if s.down[node] {
		return nil, io.ErrUnexpectedEOF
	}
	s.requests = append(s.requests, fmt.Sprintf("%d %s", node, req.ApiKey()))
	switch r := req.(type) {
	case *metadata.Request:
		return s.metadata(r), nil
	case *listoffsets.Request:
		return s.offsets(node, r), nil
	case *findcoordinator.Request:
		return &findcoordinator.Response{NodeID: s.coordinator}, nil
	case *wire.OffsetFetch:
		r.Answer = wire.OffsetFetchAnswer{Code: int16(s.coordinates(node))}
		for _, p := range r.Partitions {
			r.Answer.Partitions = append(r.Answer.Partitions, wire.CommittedOffset{TopicPartition: p, Offset: 7})
		}
		return r, nil
	case *offsetcommit.Request:
		return &offsetcommit.Response{Topics: []offsetcommit.ResponseTopic{{
			Name: "t", Partitions: []offsetcommit.ResponsePartition{{ErrorCode: int16(s.coordinates(node))}},
		}}}, nil
	case *wire.DeleteRecords:
		for _, p := range r.Before {
			r.Answer = append(r.Answer, wire.DeletedRecords{TopicPartition: p.TopicPartition, Code: int16(s.leading(node, p.Partition))})
		}
		return r, nil
	case *createtopics.Request:
		return s.create(node, r), nil
	}
	return nil, fmt.Errorf("unexpected request %T", req)
}

func (s *script) coordinates(node int32) kerr.Code {
	if node != s.coordinator {
		return kerr.NotCoordinator
	}
	return s.nextCode()
}

func (s *script) leading(node, partition int32) kerr.Code {
	if s.leads[partition] != node {
		return kerr.NotLeader
	}
	return s.nextCode()
}

func (s *script) metadata(r *metadata.Request) *metadata.Response {
	answer := &metadata.Response{ClusterID: "script", ControllerID: s.controller}
	for node := int32(1); node <= 3; node++ {
		answer.Brokers = append(answer.Brokers, metadata.ResponseBroker{NodeID: node, Host: "broker", Port: node})
	}
	for _, name := range r.TopicNames {
		t := metadata.ResponseTopic{Name: name, ErrorCode: int16(kerr.UnknownTopic)}
		made := slices.ContainsFunc(s.created, func(c createtopics.RequestTopic) bool { return c.Name == name })
		if name == "t" || made {
			t.ErrorCode = 0
			for i, node := range s.leads {
				if s.listed != nil {
					node = s.listed[i]
				}
				t.Partitions = append(t.Partitions, metadata.ResponsePartition{PartitionIndex: int32(i), LeaderID: node})
			}
		}
		answer.Topics = append(answer.Topics, t)
	}
	s.listed = nil // the next answer is right
	return answer
}

func (s *script) offsets(node int32, r *listoffsets.Request) *listoffsets.Response {
	answer := &listoffsets.Response{}
	for _, t := range r.Topics {
		of := listoffsets.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			got := listoffsets.ResponsePartition{Partition: p.Partition, Offset: 100 * int64(p.Partition), ErrorCode: int16(s.leading(node, p.Partition))}
			of.Partitions = append(of.Partitions, got)
		}
		answer.Topics = append(answer.Topics, of)
	}
	return answer
}

func (s *script) create(node int32, r *createtopics.Request) *createtopics.Response {
	failed := s.nextCode()
	if node != s.controller {
		failed = kerr.NotController
	}
	exists := slices.ContainsFunc(s.created, func(c createtopics.RequestTopic) bool { return c.Name == r.Topics[0].Name })
	if failed == 0 && exists {
		failed = kerr.TopicExists
	}
	if failed == 0 || failed == kerr.RequestTimedOut {
		s.created = append(s.created, r.Topics...)
	}
	return &createtopics.Response{Topics: []createtopics.ResponseTopic{{Name: r.Topics[0].Name, ErrorCode: int16(failed), ErrorMessage: "Says the broker."}}}
}

// count returns how many requests of a kind have arrived.
func (s *script) count(kind protocol.ApiKey) int {
	n := 0
	for _, a := range s.requests {
		if strings.HasSuffix(a, " "+kind.String()) {
			n++
		}
	}
	return n
}

// run runs a test on the script's cluster, in a synctest bubble.
func (s *script) run(t *testing.T, test func(*testing.T, *cluster.Client)) {
	synctest.Test(t, func(t *testing.T) {
		sys := cluster.NewClient(linktest.New(s.serve), time.Minute, nil)
		defer sys.Link.Close()
		if err := sys.Metadata.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.requests = nil
		test(t, sys)
	})
}
