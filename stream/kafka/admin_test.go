package kafka

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/link"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

func TestAdmin_FakeBrokers(t *testing.T) {
	testAdmin(t, kafkatest.Fake(t))
}

// testAdmin compares what our admin does and describes with what another client does and
// describes.
func testAdmin(t *testing.T, brokers []string) {
	a := &adminTest{brokers: brokers, client: kafkatest.Franz(t, brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()))}
	a.admin, a.other = openSystem(t, Options{Brokers: brokers}), kadm.NewClient(a.client)
	t.Run("settings of topics that we make", a.settingsOfOurs)
	t.Run("settings of topics that others make", a.settingsOfOthers)
	t.Run("topics", a.topics)
	t.Run("ids of topics", a.topicIDs)
	t.Run("offsets", a.offsets)
	t.Run("offsets of a transaction that is open", a.openTransaction)
	t.Run("offsets of groups", a.groups)
	t.Run("records are deleted", a.deleted)
}

type adminTest struct {
	brokers []string
	admin   *System
	client  *kgo.Client
	other   *kadm.Client
}

// create creates a topic by the other client.
func (a *adminTest) create(t *testing.T, partitions int32, settings map[string]string) string {
	t.Helper()
	name, all := kafkatest.Name(t), make(map[string]*string)
	for k, v := range settings {
		all[k] = &v
	}
	if _, err := a.other.CreateTopic(t.Context(), partitions, -1, all, name); err != nil {
		t.Fatal(err)
	}
	// Wait until all brokers know it.
	linktest.Must(t, a.admin.client.Retry(t.Context(), func() error {
		// It grows by nothing, and waits for all brokers.
		err := a.admin.Admin().(stream.Grower).Grow(t.Context(), name, partitions)
		if errors.Is(err, stream.ErrUnknownTopic) {
			return kerr.UnknownTopic // tried again
		}
		return err
	}))
	return name
}

func (a *adminTest) settingsOfOurs(t *testing.T) {
	for _, x := range []struct {
		cfg  stream.TopicConfig
		want map[string]string // as the other client sees it
	}{
		{stream.TopicConfig{Partitions: 3}, map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"}},
		{stream.TopicConfig{Partitions: 1, Retention: time.Hour, Replication: 1}, map[string]string{"cleanup.policy": "delete", "retention.ms": "3600000"}},
		{stream.TopicConfig{Partitions: 1, Retention: time.Nanosecond}, map[string]string{"retention.ms": "1"}},
		{stream.TopicConfig{Partitions: 2, Retention: -1}, map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "segment.bytes": "52428800"}},
		{stream.TopicConfig{Partitions: 5, Cleanup: stream.CleanupCompact}, map[string]string{"cleanup.policy": "compact", "segment.bytes": "52428800"}},
	} {
		x.cfg.Name = kafkatest.Name(t)
		linktest.Must(t, a.admin.Admin().CreateTopic(t.Context(), x.cfg))
		all, err := a.other.DescribeTopicConfigs(t.Context(), x.cfg.Name)
		linktest.Must(t, err)
		x.want["message.timestamp.type"] = "CreateTime"
		got := make(map[string]string)
		for _, c := range all[0].Configs {
			if _, ok := x.want[c.Key]; ok {
				got[c.Key] = c.MaybeValue()
			}
		}
		if !maps.Equal(got, x.want) {
			t.Errorf("the settings of %+v are %v, want %v", x.cfg, got, x.want)
		}
		listed, err := a.other.ListTopics(t.Context(), x.cfg.Name)
		linktest.Must(t, err)
		if got := listed[x.cfg.Name]; len(got.Partitions) != int(x.cfg.Partitions) || x.cfg.Replication != 0 && got.Partitions.NumReplicas() != int(x.cfg.Replication) {
			t.Errorf("%+v was made as %+v", x.cfg, got)
		}
	}
	var many int16 = 100
	err := a.admin.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: kafkatest.Name(t), Partitions: 1, Replication: many})
	if err == nil || !strings.Contains(err.Error(), "replication") {
		t.Errorf("%d copies are made: %v", many, err)
	}
}

func (a *adminTest) settingsOfOthers(t *testing.T) {
	for _, x := range []struct {
		settings   map[string]string
		cleanup    stream.Cleanup
		retention  time.Duration
		tombstones time.Duration
	}{
		{nil, stream.CleanupDelete, 7 * 24 * time.Hour, 0},
		{map[string]string{"retention.ms": "60000"}, stream.CleanupDelete, time.Minute, 0},
		{map[string]string{"retention.ms": "-1"}, stream.CleanupDelete, -1, 0},
		{map[string]string{"retention.ms": "9223372036854775807"}, stream.CleanupDelete, -1, 0},
		{map[string]string{"retention.ms": "0"}, stream.CleanupDelete, 1, 0},
		{map[string]string{"cleanup.policy": "compact"}, stream.CleanupCompact, -1, 24 * time.Hour},
		{map[string]string{"cleanup.policy": "compact", "delete.retention.ms": "0"}, stream.CleanupCompact, -1, 1},
		{map[string]string{"cleanup.policy": "compact", "delete.retention.ms": "9223372036854775807"}, stream.CleanupCompact, -1, 0},
		{map[string]string{"cleanup.policy": "delete,compact", "retention.ms": "60000"}, stream.CleanupCompactDelete, time.Minute, 24 * time.Hour},
		{map[string]string{"cleanup.policy": "compact,delete", "delete.retention.ms": "100"}, stream.CleanupCompactDelete, 7 * 24 * time.Hour, 100 * time.Millisecond},
	} {
		name := a.create(t, 2, x.settings)
		got, err := a.admin.Admin().Describe(t.Context(), name)
		linktest.Must(t, err)
		want := stream.TopicConfig{Name: name, Partitions: 2, Cleanup: x.cleanup, Retention: x.retention, Replication: got[name].Replication, TombstoneRetention: x.tombstones}
		if got[name] != want || want.Replication < 1 {
			t.Errorf("%v is %+v, want %+v", x.settings, got[name], want)
		}
	}
}

func (a *adminTest) topics(t *testing.T) {
	one, three, missing := a.create(t, 1, nil), a.create(t, 3, nil), kafkatest.Name(t)
	// The offsets of a group need Kafka's internal topic.
	linktest.Must(t, a.admin.client.CommitOffsets(t.Context(), stream.GroupOffsets{Group: kafkatest.Name(t), Positions: []stream.Position{{TopicPartition: linktest.At(one, 0)}}}))
	sys := a.admin.Admin()
	got, err := sys.Partitions(t.Context(), one, three, missing, "../impossible", one)
	linktest.Must(t, err)
	if want := map[string]int32{one: 1, three: 3}; !maps.Equal(got, want) {
		t.Errorf("partitions are %v, want %v", got, want)
	}
	all, err := sys.Partitions(t.Context())
	linktest.Must(t, err)
	if all[one] != 1 || all[three] != 3 || all["__consumer_offsets"] != 0 || all[missing] != 0 {
		t.Errorf("all topics are %v", all)
	}
	if got, err := sys.Describe(t.Context(), missing, "../impossible"); err != nil || len(got) != 0 {
		t.Errorf("the offsets of a missing topic are %v, %v", got, err)
	}
	if listed, err := a.other.ListTopics(t.Context(), missing); err != nil || listed.Has(missing) && listed[missing].Err == nil {
		t.Errorf("a request for a topic has created it: %v, %v", listed, err)
	}
	for _, cfg := range []stream.TopicConfig{{Name: one, Partitions: 1}, {Name: three, Partitions: 5}} {
		if err := sys.CreateTopic(t.Context(), cfg); !errors.Is(err, stream.ErrTopicExists) {
			t.Errorf("%v is made again: %v", cfg, err)
		}
	}
}

// topicIDs: our ids are those that other tools show, and a topic that was deleted and
// created again has a new one.
func (a *adminTest) topicIDs(t *testing.T) {
	one, two := a.create(t, 1, nil), a.create(t, 3, nil)
	ids := func() map[string]string {
		t.Helper()
		got, err := a.admin.Admin().TopicIDs(t.Context(), one, two, kafkatest.Name(t), "../impossible")
		linktest.Must(t, err)
		other := kadm.NewClient(kafkatest.Franz(t, a.brokers)) // which remembers nothing of before
		listed, err := other.ListTopics(t.Context(), one, two)
		linktest.Must(t, err)
		want := map[string]string{one: topicID(listed[one].ID), two: topicID(listed[two].ID)}
		if !maps.Equal(got, want) {
			t.Errorf("the ids are %v, want %v", got, want)
		}
		return got
	}
	before := ids()
	deleted, err := a.other.DeleteTopics(t.Context(), two)
	linktest.Must(t, errors.Join(err, deleted.Error()))
	linktest.Must(t, link.Retry(t.Context(), a.admin.client.Link, time.Minute, func() error {
		_, err := a.other.CreateTopic(t.Context(), 3, -1, nil, two)
		if err != nil {
			err = errors.Join(kerr.LeaderNotAvailable, err) // it isn't quite deleted
		}
		return err
	}))
	linktest.Must(t, link.Retry(t.Context(), a.admin.client.Link, time.Minute, func() error {
		got, err := a.admin.Admin().TopicIDs(t.Context(), two)
		if err == nil && (got[two] == "" || got[two] == before[two]) {
			err = kerr.LeaderNotAvailable // the broker hasn't heard of it
		}
		return err
	}))
	if after := ids(); after[one] != before[one] || after[two] == before[two] {
		t.Errorf("the ids are %v, were %v", after, before)
	}
}

// topicID is an id as Kafka writes it.
func topicID(id kadm.TopicID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// send writes records to a partition: values one second apart from 1970 on.
func (a *adminTest) send(t *testing.T, tp stream.TopicPartition, values ...string) {
	t.Helper()
	for i, v := range values {
		r := &kgo.Record{Topic: tp.Topic, Partition: tp.Partition, Value: []byte(v), Timestamp: time.Unix(int64(i), 0)}
		linktest.Must(t, a.client.ProduceSync(t.Context(), r).FirstErr())
	}
}

func (a *adminTest) wantOffsets(t *testing.T, what string, got []int64, err error, want ...int64) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s are %v, %v, want %v", what, got, err, want)
	}
}

func (a *adminTest) offsets(t *testing.T) {
	topic := a.create(t, 3, map[string]string{"retention.ms": "-1"})
	a.send(t, linktest.At(topic, 0), "a", "b", "c", "d")
	a.send(t, linktest.At(topic, 2), "a", "b")
	sys, all := a.admin.Admin(), []stream.TopicPartition{linktest.At(topic, 2), linktest.At(topic, 0), linktest.At(topic, 1)}
	got, err := sys.Starts(t.Context(), all...)
	a.wantOffsets(t, "starts", got, err, 0, 0, 0)
	got, err = sys.Ends(t.Context(), all...)
	a.wantOffsets(t, "ends", got, err, 2, 4, 0)
	for ms, want := range map[int64][]int64{
		-5: {0, 0, 0}, -1: {0, 0, 0}, 0: {0, 0, 0}, 1: {1, 1, 0}, 1000: {1, 1, 0}, 1001: {2, 2, 0}, 3000: {2, 3, 0}, 3001: {2, 4, 0},
	} {
		got, err = sys.OffsetsAt(t.Context(), ms, all...)
		a.wantOffsets(t, "offsets", got, err, want...)
	}
	got, err = sys.Ends(t.Context())
	a.wantOffsets(t, "no ends", got, err)
	got, err = sys.Ends(t.Context(), linktest.At(topic, 0), linktest.At(topic, 0))
	a.wantOffsets(t, "ends of the same", got, err, 4, 4)
}

// openTransaction: uncommitted records don't count.
func (a *adminTest) openTransaction(t *testing.T) {
	topic := a.create(t, 1, nil)
	a.send(t, linktest.At(topic, 0), "committed")
	writer := kafkatest.Franz(t, a.brokers, kgo.TransactionalID(kafkatest.Name(t)), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	linktest.Must(t, writer.BeginTransaction())
	linktest.Must(t, writer.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("open"), Timestamp: time.Unix(9, 0)}).FirstErr())
	got, err := a.admin.Admin().Ends(t.Context(), linktest.At(topic, 0))
	a.wantOffsets(t, "ends", got, err, 1)
	got, err = a.admin.Admin().OffsetsAt(t.Context(), 5000, linktest.At(topic, 0))
	a.wantOffsets(t, "offsets", got, err, 1)
	linktest.Must(t, writer.EndTransaction(t.Context(), kgo.TryCommit))
	linktest.Must(t, link.Retry(t.Context(), a.admin.client.Link, time.Minute, func() error {
		got, err := a.admin.Admin().Ends(t.Context(), linktest.At(topic, 0))
		if err == nil && got[0] != 3 { // behind the marker
			err = kerr.UnstableOffset // a moment later
		}
		return err
	}))
}

func (a *adminTest) groups(t *testing.T) {
	topic, group := a.create(t, 3, nil), kafkatest.Name(t)
	sys, all := a.admin.Admin(), []stream.TopicPartition{linktest.At(topic, 2), linktest.At(topic, 0), linktest.At(topic, 1), linktest.At("missing", 0)}
	got, err := sys.Committed(t.Context(), group, all...)
	a.wantOffsets(t, "offsets of nobody", got, err, -1, -1, -1, -1)
	linktest.Must(t, a.admin.client.CommitOffsets(t.Context(), stream.GroupOffsets{Group: group, Positions: []stream.Position{
		{TopicPartition: linktest.At(topic, 2), Offset: 7}, {TopicPartition: linktest.At(topic, 0), Offset: 0},
	}}))
	got, err = sys.Committed(t.Context(), group, all...)
	a.wantOffsets(t, "our offsets", got, err, 7, 0, -1, -1)
	seen, err := a.other.FetchOffsets(t.Context(), group)
	linktest.Must(t, err)
	if o, ok := seen.Lookup(topic, 2); !ok || o.At != 7 {
		t.Errorf("the other client sees %v", seen)
	}
	var theirs kadm.Offsets
	theirs.AddOffset(topic, 1, 5, -1)
	linktest.Must(t, a.other.CommitAllOffsets(t.Context(), group, theirs))
	got, err = sys.Committed(t.Context(), group, all...)
	a.wantOffsets(t, "all offsets", got, err, 7, 0, 5, -1)
	err = a.admin.client.CommitOffsets(t.Context(), stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: linktest.At(kafkatest.Name(t), 0)}}})
	if !errors.Is(err, stream.ErrUnknownTopic) {
		t.Errorf("the offset of a topic that doesn't exist: %v", err)
	}
	// Records come first: the other client would not begin at an offset beyond the end.
	a.send(t, linktest.At(topic, 2), "1", "2", "3", "4", "5", "6", "7", "8")
	member := kafkatest.Franz(t, a.brokers, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic))
	if fetches := member.PollFetches(t.Context()); fetches.Err() != nil {
		t.Fatal(fetches.Err())
	}
	err = a.admin.client.CommitOffsets(t.Context(), stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: linktest.At(topic, 0)}}})
	if err == nil || !strings.Contains(err.Error(), "the group has active members") {
		t.Errorf("offsets of a group that is in use: %v", err)
	}
}

func (a *adminTest) deleted(t *testing.T) {
	// The broker deletes nothing by itself, however long the tests take.
	topic, table := a.create(t, 2, map[string]string{"retention.ms": "-1"}), a.create(t, 1, map[string]string{"cleanup.policy": "compact"})
	a.send(t, linktest.At(topic, 0), "a", "b", "c", "d")
	a.send(t, linktest.At(topic, 1), "a", "b")
	sys, both := a.admin.Admin(), []stream.TopicPartition{linktest.At(topic, 0), linktest.At(topic, 1)}
	before := func(p int32, offset int64) stream.Position {
		return stream.Position{TopicPartition: linktest.At(topic, p), Offset: offset}
	}
	linktest.Must(t, sys.DeleteRecords(t.Context()))
	linktest.Must(t, sys.DeleteRecords(t.Context(), before(1, 1), before(0, 3)))
	got, err := sys.Starts(t.Context(), both...)
	a.wantOffsets(t, "starts", got, err, 3, 1)
	linktest.Must(t, sys.DeleteRecords(t.Context(), before(0, 2), before(0, 0), before(1, 1), before(1, 0)))
	got, err = sys.Starts(t.Context(), both...)
	a.wantOffsets(t, "starts that were before", got, err, 3, 1)
	for _, offset := range []int64{-1, 5, 1 << 40} {
		var outside *stream.OffsetOutOfRangeError
		err := sys.DeleteRecords(t.Context(), before(0, offset))
		if !errors.As(err, &outside) || outside.Start != 3 || outside.End != 4 || outside.Offset != offset {
			t.Errorf("deleting before %d: %v", offset, err)
		}
	}
	linktest.Must(t, sys.DeleteRecords(t.Context(), before(0, 4)))
	got, err = sys.Starts(t.Context(), both...)
	a.wantOffsets(t, "starts at the end", got, err, 4, 1)
	if err := sys.DeleteRecords(t.Context(), stream.Position{TopicPartition: linktest.At(table, 0), Offset: 0}); err != nil && !strings.Contains(err.Error(), "cleanup.policy=delete") {
		t.Errorf("deleting from a table: %v", err)
	}
}
