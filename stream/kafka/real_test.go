//go:build real

package kafka

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/internal/kerr"
	"github.com/gretestream/grete/stream/kafka/internal/linktest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
	"github.com/gretestream/grete/stream/kafka/kafkatest/certs"
	"github.com/gretestream/grete/stream/streamtest"
)

// shared is the broker of all tests that don't break it.
var shared kafkatest.Shared

func TestMain(m *testing.M) { os.Exit(shared.Around(m).Run()) }

func TestAdmin(t *testing.T) {
	testAdmin(t, shared.Cluster(t).Bootstrap())
}

func TestConformance(t *testing.T) {
	sys := openSystem(t, Options{Brokers: shared.Cluster(t).Bootstrap()})
	streamtest.Run(t, func(*testing.T) stream.System { return sys })
}

const (
	ann      = "ann"
	password = `hunter2 "wörd", \ ${x} [y]=; 'z'`
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Users: map[string]string{ann: password}, Permissions: true})
	brokers := c.Bootstrap()
	sys := openSystem(t, Options{Brokers: brokers, SASL: &SASL{ScramSHA512, ann, password}})
	testPermissions(t, sys, c.Admin(), func(t *testing.T, acls *kadm.ACLBuilder) { c.Allow(t, acls) })
	for _, m := range []Mechanism{Plain, ScramSHA256, ScramSHA512} {
		openSystem(t, Options{Brokers: brokers, SASL: &SASL{m, ann, password}})
		wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{m, ann, "hunter2"}}, `log in as "ann"`, "authentication by "+strings.ToUpper(string(m))+" failed")
		wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{m, "bob", "hunter2"}}, `log in as "bob"`, "authentication by")
	}
	wantOpenError(t, Options{Brokers: brokers}, "a user and password (SASL)")
	wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{Plain, ann, password}, TLS: &TLS{}}, "TLS")
}

func TestOpen_PlaintextBroker(t *testing.T) {
	brokers := shared.Cluster(t).Bootstrap()
	wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{Plain, ann, password}}, "expects no user and password there")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{}}, "does the broker speak TLS there?")
}

func TestOpen_EncryptedBroker(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{ClientCertificates: true})
	brokers, ca := c.Bootstrap(), c.Authority(t)
	cert, key := ca.Issue(t, ann)
	s := openSystem(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key}})
	testReadsAndWrites(t, s)
	wantOpenError(t, Options{Brokers: brokers}, "TLS")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File()}}, "client certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{Cert: cert, Key: key}}, "configure the CA's certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key, ServerName: "kafka.example"}}, "another name")
	stranger := certs.NewAuthority(t)
	cert, key = stranger.Issue(t, ann)
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key}}, "client certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: stranger.File()}}, "configure the CA's certificate")
}

// Each of three brokers may be unavailable for a while.
func TestSystem_BrokersDie(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	s := openSystem(t, Options{Brokers: c.Bootstrap()[:1]})
	topic, group := kafkatest.Name(t), kafkatest.Name(t)
	linktest.Must(t, s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: 3}))
	all := []stream.TopicPartition{linktest.At(topic, 0), linktest.At(topic, 1), linktest.At(topic, 2)}
	works := func(when string, offset int64) {
		t.Helper()
		if _, err := s.Admin().Ends(t.Context(), all...); err != nil {
			t.Errorf("ends, %s: %v", when, err)
		}
		if err := s.client.CommitOffsets(t.Context(), stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: all[1], Offset: offset}}}); err != nil {
			t.Errorf("commit, %s: %v", when, err)
		}
		if got, err := s.Admin().Committed(t.Context(), group, all...); err != nil || got[1] != offset {
			t.Errorf("offsets, %s: %v, %v", when, got, err)
		}
		if err := s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: kafkatest.Name(t), Partitions: 3}); err != nil {
			t.Errorf("make a topic, %s: %v", when, err)
		}
	}
	works("in the beginning", 1)
	for i, node := range []int32{1, 3} { // the address to begin with is broker 1's
		c.Kill(t, node)
		works(fmt.Sprintf("without broker %d", node), int64(10+i))
		c.Restart(t, node)
		works(fmt.Sprintf("with broker %d again", node), int64(20+i))
	}
	c.MoveLeaders(t, topic, 2)
	works("with all leaders on one broker", 30)
	c.Pause(t, 2)
	works("with all leaders on a broker that stands still", 31)
	c.Resume(t, 2)
	works("when it goes on", 32)
}

func testReadsAndWrites(t *testing.T, s *System) {
	t.Helper()
	topic := kafkatest.Name(t)
	linktest.Must(t, s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: 1}))
	linktest.Must(t, write(t.Context(), s, topic))
	linktest.Must(t, s.client.Retry(t.Context(), func() error {
		ends, err := s.Admin().Ends(t.Context(), linktest.At(topic, 0))
		if err == nil && ends[0] == 0 {
			err = kerr.UnstableOffset // the leader hears of a commit a moment later
		}
		return err
	}))
}
