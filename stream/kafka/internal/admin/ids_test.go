package admin

import (
	"context"
	"errors"
	"io"
	"maps"
	"testing"
	"testing/synctest"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/metadata"

	"github.com/gretestream/grete/stream/kafka/internal/cluster"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// Only brokers that support the request, and answer, get it.
func TestTopicIDs_OldAndNewBrokers(t *testing.T) {
	const dead = -1
	id := [16]byte{0xfb, 15: 1}
	for _, x := range []struct {
		name   string
		newest []int16 // version of Metadata that each broker knows, or dead
		want   map[string]string
	}{
		{"all know it", []int16{10, 13}, map[string]string{"topic": "-wAAAAAAAAAAAAAAAAAAAQ"}},
		{"one is too old", []int16{9, 12}, map[string]string{"topic": "-wAAAAAAAAAAAAAAAAAAAQ"}},
		{"one is dead", []int16{dead, 12}, map[string]string{"topic": "-wAAAAAAAAAAAAAAAAAAAQ"}},
		{"all are too old", []int16{8, 9}, map[string]string{}},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := cluster.NewClient(linktest.New(func(_ context.Context, node int32, req protocol.Message) (protocol.Message, error) {
					if node >= 0 && x.newest[node] == dead {
						return nil, io.ErrUnexpectedEOF
					}
					switch r := req.(type) {
					case *metadata.Request:
						return &metadata.Response{Brokers: []metadata.ResponseBroker{{NodeID: 0}, {NodeID: 1}}}, nil
					case *apiversions.Request:
						return &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{{ApiKey: int16(protocol.Metadata), MaxVersion: x.newest[node]}}}, nil
					case *wire.Metadata:
						if x.newest[node] < wire.MetadataVersion {
							t.Errorf("broker %d got a request that it doesn't support", node)
						}
						r.Answer = []wire.TopicID{{Topic: "topic", ID: id}, {Topic: "without"}, {Topic: "missing", Code: int16(kerr.UnknownTopic)}}
						return r, nil
					}
					return nil, errors.New("unknown request")
				}), 0, nil)
				linktest.Must(t, s.Metadata.Refresh(t.Context()))
				got, err := New(s).TopicIDs(t.Context(), "topic", "without", "missing")
				if err != nil || !maps.Equal(got, x.want) {
					t.Errorf("the ids are %v, %v", got, err)
				}
				linktest.Must(t, s.Link.Close())
			})
		})
	}
}

// An error must not pass for an answer.
func TestTopicIDs_Errors(t *testing.T) {
	for _, x := range []struct {
		name string
		code kerr.Code // of the topic; 0: nobody answers
		want error
	}{{"denied", kerr.TopicDenied, kerr.TopicDenied}, {"unreachable", 0, io.ErrUnexpectedEOF}} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				away := false
				s := cluster.NewClient(linktest.New(func(_ context.Context, _ int32, req protocol.Message) (protocol.Message, error) {
					switch r := req.(type) {
					case *metadata.Request:
						return &metadata.Response{Brokers: []metadata.ResponseBroker{{NodeID: 0}}}, nil
					case *apiversions.Request:
						return &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{{ApiKey: int16(protocol.Metadata), MaxVersion: 12}}}, nil
					case *wire.Metadata:
						if !away {
							r.Answer = []wire.TopicID{{Topic: "topic", Code: int16(x.code)}}
							return r, nil
						}
					}
					return nil, io.ErrUnexpectedEOF
				}), 0, nil)
				linktest.Must(t, s.Metadata.Refresh(t.Context()))
				away = x.code == 0
				if got, err := New(s).TopicIDs(t.Context(), "topic"); !errors.Is(err, x.want) || len(got) != 0 {
					t.Errorf("the ids are %v, %v", got, err)
				}
				linktest.Must(t, s.Link.Close())
			})
		})
	}
}
