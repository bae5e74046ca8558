package admin

import (
	"reflect"
	"testing"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/group"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/internal/wire"
)

// The description leaves out what can't be decoded.
func TestGroupState(t *testing.T) {
	said := group.Subscription{Topics: []string{"t"}, Data: []byte("said"), Rebalance: 7}
	owned := []stream.TopicPartition{linktest.At("t", 0), linktest.At("t", 1)}
	described := wire.DescribedMember{Member: "m", Instance: "i", ClientID: "c", Host: "/10.0.0.1", Metadata: said.Encode(), Assignment: group.EncodeAssignment(owned, []byte("given"))}
	without := func(id string) stream.MemberState {
		return stream.MemberState{ID: id, Instance: "i", ClientID: "c", Host: "10.0.0.1", Assignment: stream.GroupAssignment{Member: id}}
	}
	whole, broken, nameless, named := without("m"), described, described, without("m")
	whole.Data, whole.Assignment.Partitions, whole.Assignment.Data = []byte("said"), owned, []byte("given")
	broken.Member, broken.Metadata, broken.Assignment = "a", said.Encode()[:9], group.EncodeAssignment(owned, nil)[:9]
	nameless.Member, nameless.Instance, nameless.Host = "n", "", "host.example/10.0.0.1"
	named.ID, named.Instance, named.Host = "n", "", "host.example/10.0.0.1"
	named.Data, named.Assignment = whole.Data, whole.Assignment
	named.Assignment.Member = "n"
	for name, x := range map[string]struct {
		answer wire.DescribeGroupAnswer
		want   stream.GroupState
	}{
		"none":                 {wire.DescribeGroupAnswer{State: "Dead"}, stream.GroupState{State: stream.GroupIsEmpty}},
		"none, by a code":      {wire.DescribeGroupAnswer{Code: int16(kerr.GroupNotFound)}, stream.GroupState{State: stream.GroupIsEmpty}},
		"empty":                {wire.DescribeGroupAnswer{State: "Empty", ProtocolType: "consumer"}, stream.GroupState{State: stream.GroupIsEmpty, ProtocolType: "consumer"}},
		"preparing":            {wire.DescribeGroupAnswer{State: "PreparingRebalance", ProtocolType: "consumer", Members: []wire.DescribedMember{described}}, stream.GroupState{State: stream.GroupIsRebalancing, ProtocolType: "consumer", Members: []stream.MemberState{without("m")}}},
		"completing":           {wire.DescribeGroupAnswer{State: "CompletingRebalance"}, stream.GroupState{State: stream.GroupIsRebalancing}},
		"unheard of":           {wire.DescribeGroupAnswer{State: "Meditating"}, stream.GroupState{State: stream.GroupIsRebalancing}},
		"ours, in their order": {wire.DescribeGroupAnswer{State: "Stable", ProtocolType: "consumer", Protocol: "grete", Members: []wire.DescribedMember{described, broken, nameless}}, stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "grete", Members: []stream.MemberState{named, without("a"), whole}}},
		"other consumers'":     {wire.DescribeGroupAnswer{State: "Stable", ProtocolType: "consumer", Protocol: "range", Members: []wire.DescribedMember{described}}, stream.GroupState{State: stream.GroupIsStable, ProtocolType: "consumer", Protocol: "range", Members: []stream.MemberState{without("m")}}},
		"of no consumers":      {wire.DescribeGroupAnswer{State: "Stable", ProtocolType: "connect", Protocol: "grete", Members: []wire.DescribedMember{described}}, stream.GroupState{State: stream.GroupIsStable, ProtocolType: "connect", Protocol: "grete", Members: []stream.MemberState{without("m")}}},
	} {
		if got := stateOf(&x.answer); !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %+v, want %+v", name, got, x.want)
		}
	}
}
