//go:build real

package kafkatest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/gretestream/grete/stream/kafka/kafkatest/certs"
)

// The password has characters that are special to shells, Java's properties and its logins.
const (
	alice    = "alice"
	password = `pass "wörd", \ ${x} [y]=; 'z'`
)

// mechanisms returns all mechanisms for one user, by name.
func mechanisms(user, pass string) map[string]sasl.Mechanism {
	return map[string]sasl.Mechanism{
		"PLAIN":         plain.Auth{User: user, Pass: pass}.AsMechanism(),
		"SCRAM-SHA-256": scram.Auth{User: user, Pass: pass}.AsSha256Mechanism(),
		"SCRAM-SHA-512": scram.Auth{User: user, Pass: pass}.AsSha512Mechanism(),
	}
}

// trusting returns a client's TLS settings, with a certificate of its own if there is an
// issuer.
func trusting(t *testing.T, trusted, issuer *certs.Authority, name string) *tls.Config {
	ca, err := os.ReadFile(trusted.File())
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{RootCAs: x509.NewCertPool()}
	if !cfg.RootCAs.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate in", trusted.File())
	}
	if issuer != nil {
		cert, err := tls.LoadX509KeyPair(issuer.Issue(t, name))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg
}

// ping asks every broker of the clients' listener something, once.
func ping(t *testing.T, c *Cluster, opts ...kgo.Opt) error {
	opts = append(opts, kgo.DialTimeout(20*time.Second), kgo.RequestRetries(0))
	return Franz(t, c.Bootstrap(), opts...).Ping(within(t))
}

func TestUsers_NeedTheirPasswords(t *testing.T) {
	begun := time.Now()
	c := Start(t, Options{Users: map[string]string{alice: password, "bob": "b"}})
	t.Log("ready after", time.Since(begun))
	for name, m := range mechanisms(alice, password) {
		if err := ping(t, c, kgo.SASL(m)); err != nil {
			t.Errorf("%s, the right password: %v", name, err)
		}
	}
	for name, m := range mechanisms(alice, "b") {
		if err := ping(t, c, kgo.SASL(m)); !errors.Is(err, kerr.SaslAuthenticationFailed) {
			t.Errorf("%s, the password of another user: %v", name, err)
		}
	}
	if err := ping(t, c); err == nil {
		t.Error("a client without a user got in")
	}
}

func TestTLS_RefusesPlaintext(t *testing.T) {
	c := Start(t, Options{TLS: true})
	if err := ping(t, c, kgo.DialTLSConfig(trusting(t, c.Authority(t), nil, ""))); err != nil {
		t.Errorf("encrypted: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if err := ping(t, c, kgo.DialTLSConfig(trusting(t, certs.NewAuthority(t), nil, ""))); !errors.As(err, &unknown) {
		t.Errorf("with another authority: %v", err)
	}
	if err := ping(t, c); err == nil {
		t.Error("a client without TLS got in")
	}
}

func TestUsers_OverTLS(t *testing.T) {
	c := Start(t, Options{TLS: true, Users: map[string]string{alice: password}})
	cfg := trusting(t, c.Authority(t), nil, "")
	for name, m := range mechanisms(alice, password) {
		if err := ping(t, c, kgo.DialTLSConfig(cfg), kgo.SASL(m)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ping(t, c, kgo.DialTLSConfig(cfg), kgo.SASL(mechanisms(alice, "")["SCRAM-SHA-512"])); err == nil {
		t.Error("a wrong password got in")
	}
	if err := ping(t, c, kgo.DialTLSConfig(cfg)); err == nil {
		t.Error("a client without a user got in")
	}
}

func TestPermissions_WithClientCertificates(t *testing.T) {
	c := Start(t, Options{ClientCertificates: true, Permissions: true})
	ca := c.Authority(t)
	if err := ping(t, c, kgo.DialTLSConfig(trusting(t, ca, nil, ""))); err == nil {
		t.Error("a client without certificate got in")
	}
	if err := ping(t, c, kgo.DialTLSConfig(trusting(t, ca, certs.NewAuthority(t), alice))); err == nil {
		t.Error("a client with a certificate of another authority got in")
	}
	c.CreateTopic(t, "secrets", 1, nil)
	client := Franz(t, c.Bootstrap(), kgo.DialTLSConfig(trusting(t, ca, ca, alice)), kgo.DisableIdempotentWrite(), kgo.UnknownTopicRetries(0))
	send := func() error {
		return client.ProduceSync(within(t), &kgo.Record{Topic: "secrets", Value: []byte("a")}).FirstErr()
	}
	if err := send(); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("nothing is allowed: %v", err)
	}
	c.Allow(t, kadm.NewACLs().Allow("User:"+alice).Topics("secrets").Operations(kadm.OpWrite))
	if err := send(); err != nil {
		t.Errorf("writing is allowed: %v", err)
	}
	expect(t, c.Franz(t), "secrets", "a")
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{"secrets": {0: kgo.NewOffset().AtStart()}})
	if err := client.PollFetches(within(t)).Err(); !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("reading isn't allowed: %v", err)
	}
}

func TestPermissions_WithUsers(t *testing.T) {
	c := Start(t, Options{Brokers: 3, Users: map[string]string{alice: password, "bob": "b"}, Permissions: true})
	c.Allow(t, kadm.NewACLs().Allow("User:"+alice).Clusters().Operations(kadm.OpCreate))
	for user, m := range map[string]sasl.Mechanism{alice: mechanisms(alice, password)["PLAIN"], "bob": mechanisms("bob", "b")["SCRAM-SHA-256"]} {
		admin := kadm.NewClient(Franz(t, c.Bootstrap(), kgo.SASL(m)))
		_, err := admin.CreateTopic(within(t), 1, 1, nil, user)
		if user == alice && err != nil || user != alice && !errors.Is(err, kerr.TopicAuthorizationFailed) {
			t.Errorf("%s creates a topic: %v", user, err)
		}
	}
}
