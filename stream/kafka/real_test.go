//go:build real

package kafka

import (
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
	"github.com/gretestream/grete/stream/streamtest"
)

// shared is the broker of all tests that don't break it.
var shared kafkatest.Shared //nolint:gochecknoglobals // TestMain stops it

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
	c := kafkatest.Start(t, kafkatest.Options{Users: map[string]string{ann: password}, Permissions: true})
	brokers := c.Bootstrap()
	sys := openSystem(t, Options{Brokers: brokers, SASL: &SASL{ScramSHA512, ann, password}})
	testPermissions(t, sys, c.Admin(), func(t *testing.T, acls *kadm.ACLBuilder) { c.Allow(t, acls) })
	for _, m := range []Mechanism{Plain, ScramSHA256, ScramSHA512} {
		openSystem(t, Options{Brokers: brokers, SASL: &SASL{m, ann, password}})
		wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{m, ann, "hunter2"}}, `log in as "ann"`, "doesn't let this user in by "+strings.ToUpper(string(m)))
		wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{m, "bob", "hunter2"}}, `log in as "bob"`, "doesn't let this user in")
	}
	wantOpenError(t, Options{Brokers: brokers}, "a user and password (SASL)")
	wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{Plain, ann, password}, TLS: &TLS{}}, "TLS")
}

func TestPlainBroker(t *testing.T) {
	brokers := shared.Cluster(t).Bootstrap()
	wantOpenError(t, Options{Brokers: brokers, SASL: &SASL{Plain, ann, password}}, "wants no user and password there")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{}}, "does the broker speak TLS there?")
}

func TestEncryptedBroker(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{ClientCertificates: true})
	brokers, ca := c.Bootstrap(), c.Authority(t)
	cert, key := ca.Issue(t, ann)
	s := openSystem(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key}})
	testReadsAndWrites(t, s)
	wantOpenError(t, Options{Brokers: brokers}, "TLS")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File()}}, "client certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{Cert: cert, Key: key}}, "give the CA's certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key, ServerName: "kafka.example"}}, "another name")
	stranger := kafkatest.NewAuthority(t)
	cert, key = stranger.Issue(t, ann)
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: ca.File(), Cert: cert, Key: key}}, "client certificate")
	wantOpenError(t, Options{Brokers: brokers, TLS: &TLS{CA: stranger.File()}}, "give the CA's certificate")
}

func testReadsAndWrites(t *testing.T, s *System) {
	t.Helper()
	topic := kafkatest.Name(t)
	must(t, s.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: topic, Partitions: 1}))
	must(t, write(t.Context(), s, topic))
	must(t, s.retry(t.Context(), func() error {
		ends, err := s.Admin().Ends(t.Context(), at(topic, 0))
		if err == nil && ends[0] == 0 {
			err = unstableOffset // the leader hears of a commit a moment later
		}
		return err
	}))
}
