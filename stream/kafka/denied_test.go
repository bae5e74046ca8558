package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

func TestPermissions_FakeBrokers(t *testing.T) {
	brokers := kafkatest.Fake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "root", "toor"), kfake.User("PLAIN", "ann", "hunter2"))
	root := kadm.NewClient(kafkatest.Franz(t, brokers, kgo.SASL(plain.Auth{User: "root", Pass: "toor"}.AsMechanism())))
	testPermissions(t, openSystem(t, Options{Brokers: brokers, SASL: &SASL{Plain, "ann", "hunter2"}}), root, func(t *testing.T, acls *kadm.ACLBuilder) {
		if _, err := root.CreateACLs(t.Context(), acls); err != nil {
			t.Fatal(err)
		}
	})
}

// testPermissions checks that each operation of user ann, who has no permission, names the
// missing one, and succeeds once it is granted.
func testPermissions(t *testing.T, sys *System, root *kadm.Client, allow func(*testing.T, *kadm.ACLBuilder)) {
	ann := func() *kadm.ACLBuilder { return kadm.NewACLs().Allow("User:ann") }
	topicOf := func(name string, ops ...kadm.ACLOperation) *kadm.ACLBuilder {
		return ann().Topics(name).Operations(ops...)
	}
	ctx, admin := t.Context(), sys.Admin()
	group := kafkatest.Name(t)
	for _, x := range []struct {
		name    string
		already []kadm.ACLOperation // what is allowed on the topic
		do      func(topic string) error
		missing []string // operation, resource and name: in turn
		allow   []func(topic string) *kadm.ACLBuilder
	}{
		{"see topics", nil, func(topic string) error {
			_, err := admin.Partitions(ctx, topic)
			return err
		}, []string{"Describe on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpDescribe) }}},
		{"see ids of topics", nil, func(topic string) error {
			_, err := admin.TopicIDs(ctx, topic)
			return err
		}, []string{"Describe on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpDescribe) }}},
		{"see settings", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			_, err := admin.Describe(ctx, topic)
			return err
		}, []string{"DescribeConfigs on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpDescribeConfigs) }}},
		{"see ends", nil, func(topic string) error {
			_, err := admin.Ends(ctx, linktest.At(topic, 0))
			return err
		}, []string{"Describe on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpDescribe) }}},
		{"make topics", nil, func(topic string) error {
			err := admin.CreateTopic(ctx, stream.TopicConfig{Name: topic + "-new", Partitions: 1})
			if errors.Is(err, stream.ErrTopicExists) {
				err = nil // made before it couldn't be seen
			}
			return err
		}, []string{"Create on topic TOPIC-new", "Describe on topic TOPIC-new"}, []func(string) *kadm.ACLBuilder{
			func(topic string) *kadm.ACLBuilder { return topicOf(topic+"-new", kadm.OpCreate) },
			func(topic string) *kadm.ACLBuilder { return topicOf(topic+"-new", kadm.OpDescribe) },
		}},
		{"delete records", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			return admin.DeleteRecords(ctx, stream.Position{TopicPartition: linktest.At(topic, 0)})
		}, []string{"Delete on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpDelete) }}},
		{"see a group's offsets", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			_, err := admin.Committed(ctx, group, linktest.At(topic, 0))
			return err
		}, []string{"Read on group " + group}, []func(string) *kadm.ACLBuilder{func(string) *kadm.ACLBuilder { return ann().Groups(group).Operations(kadm.OpRead) }}},
		{"see a group", nil, func(topic string) error {
			_, err := sys.Group(ctx, topic)
			return err
		}, []string{"Describe on group TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return ann().Groups(topic).Operations(kadm.OpDescribe) }}},
		{"join a group", nil, func(topic string) error {
			return join(ctx, sys, topic)
		}, []string{"Read on group TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return ann().Groups(topic).Operations(kadm.OpRead) }}},
		{"join a group that is seen", nil, func(topic string) error {
			if _, err := sys.Group(ctx, topic); err != nil {
				return err
			}
			return join(ctx, sys, topic)
		}, []string{"Describe on group TOPIC", "Read on group TOPIC"}, []func(string) *kadm.ACLBuilder{
			func(topic string) *kadm.ACLBuilder { return ann().Groups(topic).Operations(kadm.OpDescribe) },
			func(topic string) *kadm.ACLBuilder { return ann().Groups(topic).Operations(kadm.OpRead) },
		}},
		{"commit a group's offsets", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			return sys.client.CommitOffsets(ctx, stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: linktest.At(topic, 0)}}})
		}, []string{"Read on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpRead) }}},
		{"write", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			return write(ctx, sys, topic)
		}, []string{"Write on transactional id TOPIC-id", "Write on topic TOPIC"}, []func(string) *kadm.ACLBuilder{
			func(topic string) *kadm.ACLBuilder {
				return ann().TransactionalIDs(topic + "-id").Operations(kadm.OpWrite)
			},
			func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpWrite) },
		}},
		{"read", []kadm.ACLOperation{kadm.OpDescribe}, func(topic string) error {
			return read(ctx, sys, topic)
		}, []string{"Read on topic TOPIC"}, []func(string) *kadm.ACLBuilder{func(topic string) *kadm.ACLBuilder { return topicOf(topic, kadm.OpRead) }}},
	} {
		t.Run(x.name, func(t *testing.T) {
			topic := kafkatest.Name(t)
			if _, err := root.CreateTopic(t.Context(), 1, -1, nil, topic); err != nil {
				t.Fatal(err)
			}
			if x.already != nil {
				allow(t, topicOf(topic, x.already...))
			}
			for i, missing := range x.missing {
				what, name, _ := strings.Cut(strings.ReplaceAll(missing, "TOPIC", topic), " on ")
				kind, name := name[:strings.LastIndex(name, " ")], name[strings.LastIndex(name, " ")+1:]
				want := `the broker's access list must allow ` + what + ` on ` + kind + ` "` + name + `"`
				if err := x.do(topic); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %v, want %s", err, want)
				}
				allow(t, x.allow[i](topic))
			}
			if err := x.do(topic); err != nil {
				t.Errorf("with all permissions: %v", err)
			}
		})
	}
}

// join is a member of a group until it has an assignment.
func join(ctx context.Context, sys *System, group string) error {
	g, err := sys.Join(ctx, stream.GroupConfig{Group: group, Assign: func([]stream.GroupMember) ([]stream.GroupAssignment, error) { return nil, nil }})
	if err != nil {
		return err
	}
	defer g.Close()
	g.Rejoin(nil, nil)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		switch e := g.Poll(); e.Kind {
		case stream.GroupFailed:
			return e.Err
		case stream.GroupAssigned:
			return g.Leave(ctx)
		}
		select {
		case <-g.Ready():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write commits a record. The id of its producer is that of the topic with -id.
func write(ctx context.Context, sys *System, topic string) (failed error) {
	p, err := sys.OpenProducer(ctx, stream.ProducerConfig{ID: topic + "-id"})
	if err != nil {
		return err
	}
	defer func() {
		if err := p.Close(); failed == nil {
			failed = err
		}
	}()
	w, err := p.Writer(topic)
	if err != nil {
		return err
	}
	if err := w.Send(0, &stream.Record{Value: []byte("value")}); err != nil {
		return err
	}
	_, err = p.Commit(ctx, stream.GroupOffsets{})
	return err
}

// read reads the only record, if there is one.
func read(ctx context.Context, sys *System, topic string) error {
	c, err := sys.OpenConsumer(ctx, stream.ConsumerConfig{})
	if err != nil {
		return err
	}
	defer c.Close()
	tp := linktest.At(topic, 0)
	if err := c.Assign(tp, 0); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		if _, err := c.Poll(); err != nil || c.End(tp) == 0 {
			return err
		}
		select {
		case <-c.Ready():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
