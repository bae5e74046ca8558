package group

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/cluster"
)

// Members exchange data through the broker in the format of Kafka's own consumers, so that
// all tools show their assignments. Our data is the user data in it.
const (
	// ProtocolType is that of consumers, ProtocolName is ours: all members of a group are of
	// one kind.
	ProtocolType = "consumer"
	ProtocolName = "grete"

	subscriptionVersion = 3
	assignmentVersion   = 1

	assignedData = 0 // in front of an assignment's data
)

// A Subscription is what a member sends when it joins.
type Subscription struct {
	Topics     []string
	owned      []stream.TopicPartition
	generation int32 // of the assignment that owned comes from
	Data       []byte
	// Rebalance is increased for each requested rebalance. A follower whose subscription
	// is unchanged gets the current generation.
	Rebalance uint32
}

// Encode encodes a subscription. Equal subscriptions have the same bytes.
func (c *Subscription) Encode() []byte {
	b := binary.BigEndian.AppendUint16(nil, subscriptionVersion)
	b = appendCount(b, len(c.Topics))
	for _, t := range c.Topics {
		b = appendText(b, t)
	}
	b = appendCount(b, 4+len(c.Data))
	b = binary.BigEndian.AppendUint32(b, c.Rebalance)
	b = append(b, c.Data...)
	b = appendPartitions(b, c.owned)
	b = binary.BigEndian.AppendUint32(b, uint32(c.generation))
	return binary.BigEndian.AppendUint16(b, 0xffff) // no rack
}

// DecodeSubscription decodes a subscription of this version or a later one.
func DecodeSubscription(b []byte) (Subscription, error) {
	f := fields{b: b}
	c := Subscription{generation: cluster.NoGeneration}
	version := f.int16()
	for range f.array() {
		c.Topics = append(c.Topics, f.text())
	}
	if data := f.bytes(); len(data) >= 4 {
		c.Rebalance, c.Data = binary.BigEndian.Uint32(data), data[4:]
	}
	if version >= 1 {
		c.owned = f.partitions()
	}
	if version >= 2 {
		c.generation = f.int32()
	}
	return c, f.end()
}

// EncodeAssignment always encodes user data. Without any, a consumer of the brokers' own
// protocol (group.protocol=consumer) would make the group one of its kind, and get a
// share.
func EncodeAssignment(partitions []stream.TopicPartition, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, assignmentVersion)
	b = appendPartitions(b, partitions)
	b = appendCount(b, 1+len(data))
	b = append(b, assignedData)
	return append(b, data...)
}

// DecodeAssignment decodes an assignment. A member that the leader has left out gets no
// bytes at all.
func DecodeAssignment(b []byte) ([]stream.TopicPartition, []byte, error) {
	if len(b) == 0 {
		return nil, nil, nil
	}
	f := fields{b: b}
	_ = f.int16()
	partitions, data := f.partitions(), f.bytes()
	if err := f.end(); err != nil {
		return nil, nil, err
	}
	if len(data) == 0 {
		return nil, nil, errForeignGroup // the leader is another kind of client
	}
	return partitions, data[1:], nil
}

func appendCount(b []byte, n int) []byte { return binary.BigEndian.AppendUint32(b, uint32(n)) }

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// appendPartitions sorts them, by topic.
func appendPartitions(b []byte, all []stream.TopicPartition) []byte {
	topics := cluster.ByTopic(cluster.Sorted(all), func(tp stream.TopicPartition) string { return tp.Topic })
	b = appendCount(b, len(topics))
	for _, partitions := range topics {
		b = appendText(b, partitions[0].Topic)
		b = appendCount(b, len(partitions))
		for _, tp := range partitions {
			b = binary.BigEndian.AppendUint32(b, uint32(tp.Partition))
		}
	}
	return b
}

var (
	errShortData    = errors.New("a member's data can't be read: it ends too early")
	errForeignGroup = errors.New("the group is in use by another kind of client: stop it, or use another group")
)

// fields reads what was encoded. After the end of the bytes every value is zero.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n < 0 || n > len(f.b) {
		f.short, f.b = true, nil
		return nil
	}
	taken := f.b[:n:n]
	f.b = f.b[n:]
	return taken
}

func (f *fields) int16() int16 {
	if b := f.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (f *fields) int32() int32 {
	if b := f.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (f *fields) text() string { return string(f.take(int(f.int16()))) }

// count returns the number of elements that follow, each of two bytes at least; -1 stands
// for none.
func (f *fields) count() int {
	n := int(f.int32())
	if n > len(f.b)/2 {
		f.short, f.b = true, nil
	}
	if n < 0 || f.short {
		return 0
	}
	return n
}

// array returns an iterator over the elements of an array. It ends where bytes are missing.
func (f *fields) array() func(yield func() bool) {
	n := f.count()
	return func(yield func() bool) {
		for ; n > 0 && !f.short && yield(); n-- {
		}
	}
}

// bytes returns nil for null.
func (f *fields) bytes() []byte {
	if n := int(f.int32()); n > 0 {
		return f.take(n)
	}
	return nil
}

func (f *fields) partitions() (all []stream.TopicPartition) {
	for range f.array() {
		topic := f.text()
		for range f.array() {
			all = append(all, stream.TopicPartition{Topic: topic, Partition: f.int32()})
		}
	}
	return all
}

// end returns an error if something was missing.
func (f *fields) end() error {
	if f.short {
		return errShortData
	}
	return nil
}
