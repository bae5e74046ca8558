package kafka

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// fakeCluster starts a cluster of franz-go's fake brokers.
func fakeCluster(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// openSystem opens a system that is closed with the test.
func openSystem(t testing.TB, opts Options) *System {
	t.Helper()
	s, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// listener starts a server that isn't a broker, which calls serve for each connection. It
// returns the address.
func listener(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// says returns a server that answers everything with the same words.
func says(words string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<10))
		_, _ = io.WriteString(c, words)
	}
}

// unused returns an address without a listener.
func unused(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// mute returns the address of a server that accepts connections and never answers.
func mute(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0") // the kernel accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// advertise makes brokers advertise another address. It sets their real one.
func advertise(address *string, elsewhere net.Addr) func(network, address string) (net.Listener, error) {
	return func(network, _ string) (net.Listener, error) {
		l, err := net.Listen(network, "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*address = l.Addr().String()
		return disguised{l, elsewhere}, nil
	}
}

type disguised struct {
	net.Listener
	elsewhere net.Addr
}

func (d disguised) Addr() net.Addr { return d.elsewhere }

// handshake starts a broker that answers the choice of a mechanism with a code.
func handshake(t *testing.T, code int16, mechanisms ...string) []string {
	c := fakeCluster(t, kfake.NumBrokers(1))
	c.ControlKey(int16(kmsg.SASLHandshake), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		answer := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
		answer.ErrorCode, answer.SupportedMechanisms = code, mechanisms
		return answer, nil, true
	})
	return c.ListenAddrs()
}

// wantOpenError checks that Open fails in time with one line that has all words. Open
// tries once, unless opts has a patience.
func wantOpenError(t *testing.T, opts Options, words ...string) {
	t.Helper()
	if opts.Patience == 0 {
		opts.Patience = time.Millisecond
	}
	began := time.Now()
	s, err := Open(t.Context(), opts)
	if err == nil {
		t.Error("Open succeeds")
		_ = s.Close()
		return
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the error took %s", took)
	}
	t.Log(err)
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q doesn't say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error has more than one line, or the password: %v", err)
	}
}

func TestOpen_Errors(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	valid := time.Now().Add(time.Hour)
	encrypted := fakeCluster(t, kfake.NumBrokers(1), kfake.TLS(ca.server("", valid))).ListenAddrs()
	mutual := ca.server("", valid)
	mutual.ClientAuth = tls.RequireAndVerifyClientCert
	choosy := fakeCluster(t, kfake.NumBrokers(1), kfake.TLS(mutual)).ListenAddrs()
	expired := fakeCluster(t, kfake.NumBrokers(1), kfake.TLS(ca.server("", time.Now().Add(-time.Hour)))).ListenAddrs()
	elsewhere := fakeCluster(t, kfake.NumBrokers(1), kfake.TLS(ca.server("kafka.example", valid))).ListenAddrs()
	guarded := fakeCluster(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.User("PLAIN", "ann", "hunter2"), kfake.User("SCRAM-SHA-256", "ann", "hunter2")).ListenAddrs()
	old := fakeCluster(t, kfake.NumBrokers(1), kfake.MaxVersions(kversion.V2_4_0())).ListenAddrs()
	hidden := ""
	fakeCluster(t, kfake.NumBrokers(1), kfake.ListenFn(advertise(&hidden, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1})))
	otherCert, otherKey := other.client()
	for _, x := range []struct {
		name  string
		opts  Options
		words []string
	}{
		{"no broker", Options{}, []string{"no brokers: set host:port"}},
		{"a broker without a port that is one", Options{Brokers: []string{"localhost:kafka"}}, []string{`"localhost:kafka"`, "expected host:port"}},
		{"a URL", Options{Brokers: []string{"kafka://localhost:9092"}}, []string{"expected host:port"}},
		{"nothing listens", Options{Brokers: []string{unused(t)}}, []string{"connect to 127.0.0.1:", "nothing listens there"}},
		{"no listener at two addresses", Options{Brokers: []string{unused(t), unused(t)}}, []string{"nothing listens there (connection refused); connect to"}},
		{"an unknown host", Options{Brokers: []string{"nosuch.invalid:9092"}}, []string{"nosuch.invalid"}},
		{"no answer", Options{Brokers: []string{mute(t)}}, []string{"no answer within 3s", "is that the port of a Kafka broker?"}},
		{"no answer from many", Options{Brokers: []string{mute(t), mute(t), mute(t)}, Patience: time.Hour}, []string{"no answer within 3s; is", "; connect to"}},
		{"no answer to TLS", Options{Brokers: []string{mute(t)}, TLS: &TLS{}}, []string{"no answer within 3s", "a Kafka broker that speaks TLS?"}},
		{"HTTP", Options{Brokers: []string{listener(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))}}, []string{"an HTTP server listens there"}},
		{"another protocol", Options{Brokers: []string{listener(t, says("220 mail.example ESMTP\r\n"))}}, []string{"doesn't speak Kafka's protocol"}},
		{"another protocol with a small size", Options{Brokers: []string{listener(t, says("\x00\x00\x00\x06abcdef"))}}, []string{"doesn't speak Kafka's protocol"}},
		{"a connection that is closed", Options{Brokers: []string{listener(t, says(""))}}, []string{"does the broker require TLS there?"}},
		{"plain to TLS", Options{Brokers: encrypted}, []string{"TLS"}},
		{"an alert of TLS", Options{Brokers: []string{listener(t, says("\x15\x03\x03\x00\x02\x02\x0a"))}}, []string{"the broker requires TLS there: turn on TLS"}},
		{"TLS to what closes", Options{Brokers: []string{listener(t, says(""))}, TLS: &TLS{}}, []string{"does the broker speak TLS there?"}},
		{"TLS to HTTP", Options{Brokers: []string{listener(t, says("HTTP/1.1 400 Bad Request\r\n\r\n"))}, TLS: &TLS{}}, []string{"doesn't speak TLS"}},
		{"another authority", Options{Brokers: encrypted, TLS: &TLS{CA: other.ca}}, []string{"isn't trusted here: configure the CA's certificate"}},
		{"the system's authorities", Options{Brokers: encrypted, TLS: &TLS{}}, []string{"isn't trusted here: configure the CA's certificate"}},
		{"another name", Options{Brokers: elsewhere, TLS: &TLS{CA: ca.ca}}, []string{"is for another name"}},
		{"an expired certificate", Options{Brokers: expired, TLS: &TLS{CA: ca.ca}}, []string{"isn't valid", "expired"}},
		{"no client certificate", Options{Brokers: choosy, TLS: &TLS{CA: ca.ca}}, []string{"client certificate"}},
		{"another's client certificate", Options{Brokers: choosy, TLS: &TLS{CA: ca.ca, Cert: otherCert, Key: otherKey}}, []string{"client certificate"}},
		{"a wrong password", Options{Brokers: guarded, SASL: &SASL{Plain, "ann", "hunter2x"}}, []string{`log in as "ann"`, "user or password is wrong"}},
		{"a wrong password by SCRAM", Options{Brokers: guarded, SASL: &SASL{ScramSHA256, "ann", "hunter2x"}}, []string{`log in as "ann"`, "user or password is wrong"}},
		{"a mechanism that isn't known", Options{Brokers: handshake(t, 33, "GSSAPI", "OAUTHBEARER"), SASL: &SASL{ScramSHA512, "ann", "hunter2"}}, []string{"doesn't support SCRAM-SHA-512 there; it supports GSSAPI, OAUTHBEARER"}},
		{"a password where none is wanted", Options{Brokers: handshake(t, 34), SASL: &SASL{Plain, "ann", "hunter2"}}, []string{"expects no user and password there"}},
		{"no password", Options{Brokers: guarded}, []string{"a user and password (SASL)"}},
		{"old brokers", Options{Brokers: old}, []string{"Grete needs Kafka 2.7 or later"}},
		{"an advertised address that is wrong", Options{Brokers: []string{hidden}}, []string{"127.0.0.1:1", "advertised.listeners", "nothing listens"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			wantOpenError(t, x.opts, x.words...)
		})
	}
}
