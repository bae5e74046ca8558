package kafkasim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/errcode"
	"github.com/gretestream/grete/stream/kafka/kafkasim/internal/partlog"
)

// A Setting is a setting of a topic, by Kafka's name.
type Setting struct{ Name, Value string }

// Settings that matter here.
const (
	cleanupPolicy   = "cleanup.policy"
	maxMessage      = "max.message.bytes"
	deleteRetention = "delete.retention.ms"
	timestampAfter  = "message.timestamp.after.max.ms"
)

// defaults are a broker's, in the order of answers.
func defaults() []Setting {
	return []Setting{
		{cleanupPolicy, "delete"},
		{deleteRetention, "86400000"},
		{maxMessage, "1048588"},
		{timestampAfter, "3600000"},
		{"message.timestamp.type", "CreateTime"},
		{"min.cleanable.dirty.ratio", "0.5"},
		{"min.insync.replicas", "1"},
		{"retention.bytes", "-1"},
		{"retention.ms", "604800000"},
		{"segment.bytes", "1073741824"},
		{"segment.ms", "604800000"},
	}
}

// A topic has its settings, also in parsed form.
type topic struct {
	name       string
	id         [16]byte
	settings   []Setting // all of them
	partitions []*partition

	compacted  bool
	deletes    bool
	maxBytes   int
	tombstones time.Duration // how long tombstones are kept
	future     int64         // how many ms a record may be ahead of the clock
}

// A partition has a single log.
type partition struct {
	stream.TopicPartition
	topic    *topic
	replicas []int32
	leader   int32 // noLeader: none
	epoch    int32
	log      *partlog.Log
}

// CreateTopic creates a topic. The broker's defaults complete the settings. Brokers lead
// its partitions in turn, and all have replicas. It panics if the topic exists, or a
// setting is invalid.
func (c *Cluster) CreateTopic(name string, partitions int32, settings ...Setting) {
	if c.byName[name] != nil {
		panic("kafkasim: there is a topic " + name)
	}
	if err := c.create(name, partitions, len(c.nodes), settings); err != nil {
		panic("kafkasim: topic " + name + ": " + err.Error())
	}
}

func (c *Cluster) create(name string, partitions int32, replicas int, settings []Setting) error {
	t := &topic{name: name, settings: defaults()}
	for _, s := range settings {
		i := slices.IndexFunc(t.settings, func(d Setting) bool { return d.Name == s.Name })
		if i < 0 {
			return fmt.Errorf("unknown topic config name: %s", s.Name)
		}
		t.settings[i].Value = s.Value
	}
	if err := t.parse(); err != nil {
		return err
	}
	c.widen(t, partitions, replicas)
	c.made++
	binary.BigEndian.PutUint64(t.id[:], uint64(c.made))
	c.topics = append(c.topics, t)
	c.byName[name] = t
	c.changed()
	return nil
}

// Grow gives a topic more partitions. It panics if the topic is missing, or has as many.
func (c *Cluster) Grow(name string, partitions int32) {
	t := c.byName[name]
	if t == nil || len(t.partitions) >= int(partitions) {
		panic("kafkasim: no topic " + name + " can grow so")
	}
	c.grow(t, partitions)
}

func (c *Cluster) grow(t *topic, partitions int32) {
	c.widen(t, partitions, len(t.partitions[0].replicas))
	c.changed()
}

// widen adds partitions until there are so many.
func (c *Cluster) widen(t *topic, partitions int32, replicas int) {
	for i := int32(len(t.partitions)); i < partitions; i++ {
		p := &partition{TopicPartition: stream.TopicPartition{Topic: t.name, Partition: i}, topic: t, log: partlog.New()}
		for k := range replicas {
			p.replicas = append(p.replicas, int32((c.made+int(i)+k)%len(c.nodes))+1)
		}
		p.leader = c.heir(p.replicas)
		t.partitions = append(t.partitions, p)
	}
}

// parse parses the settings.
func (t *topic) parse() error {
	numbers := make(map[string]int64)
	for _, s := range t.settings {
		if s.Name == cleanupPolicy {
			t.compacted, t.deletes = strings.Contains(s.Value, "compact"), strings.Contains(s.Value, "delete")
			continue
		}
		if n, err := strconv.ParseInt(s.Value, 10, 64); err == nil {
			numbers[s.Name] = n
		} else if s.Name != "message.timestamp.type" && s.Name != "min.cleanable.dirty.ratio" {
			return fmt.Errorf("invalid value %s for configuration %s", s.Value, s.Name)
		}
	}
	t.maxBytes = int(numbers[maxMessage])
	t.tombstones = time.Duration(numbers[deleteRetention]) * time.Millisecond
	t.future = numbers[timestampAfter]
	return nil
}

// heir returns the first living replica of a partition: the next leader.
func (c *Cluster) heir(replicas []int32) int32 {
	for _, node := range replicas {
		if c.Alive(node) {
			return node
		}
	}
	return noLeader
}

// Recreate deletes a topic and creates it again: same name and settings, empty, with
// another id. The offsets of groups in it are lost.
func (c *Cluster) Recreate(topic string) {
	t := c.byName[topic]
	if t == nil {
		return
	}
	c.drop(t)
	if err := c.create(topic, int32(len(t.partitions)), len(t.partitions[0].replicas), t.settings); err != nil {
		panic("kafkasim: topic " + topic + ": " + err.Error())
	}
}

// drop deletes a topic.
func (c *Cluster) drop(t *topic) {
	delete(c.byName, t.name)
	c.topics = slices.DeleteFunc(c.topics, func(o *topic) bool { return o == t })
	for _, s := range c.coordinators {
		s.forget(t.name)
	}
	c.changed()
}

func (c *Cluster) partition(tp stream.TopicPartition) *partition {
	t := c.byName[tp.Topic]
	if t == nil || tp.Partition < 0 || int(tp.Partition) >= len(t.partitions) {
		return nil
	}
	return t.partitions[tp.Partition]
}

// elected makes a broker the leader.
func (p *partition) elected(node int32) {
	p.leader = node
	p.epoch++
	p.log.Restart()
}

// ledBy returns a partition if the broker leads it, or the error.
func (c *Cluster) ledBy(node int32, tp stream.TopicPartition) (*partition, int16) {
	p := c.partition(tp)
	switch {
	case p == nil:
		return nil, errcode.UnknownTopic
	case p.leader != node:
		return nil, errcode.NotLeader
	}
	return p, 0
}

// atEpoch is ledBy for a client with a leader epoch; -1: it has none.
func (c *Cluster) atEpoch(node int32, tp stream.TopicPartition, epoch int32) (*partition, int16) {
	p, failed := c.ledBy(node, tp)
	known := c.partition(tp)
	switch {
	case known == nil || epoch < 0:
		return p, failed
	case epoch < known.epoch:
		return nil, errcode.FencedLeaderEpoch
	case epoch > known.epoch:
		return nil, errcode.UnknownLeaderEpoch
	}
	return p, failed
}
