package kafka

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/gretestream/grete/stream/kafka/internal/linktest"
)

func TestOptions_SecretsHidden(t *testing.T) {
	const password = "hunter2"
	opts := Options{Brokers: []string{"b:1"}, SASL: &SASL{Mechanism: Plain, User: "ann", Password: password}}
	var out bytes.Buffer
	for verb := ' '; verb <= '~'; verb++ {
		if verb == 'p' || verb == 'w' { // of pointers and errors: fmt asks nobody, and go vet doesn't allow others
			continue
		}
		for _, flags := range []string{"", "+", "#", "20", "-.3"} {
			format := "%" + flags + string(verb)
			for _, v := range []any{opts, &opts, opts.SASL, *opts.SASL, opts.SASL.Password, &opts.SASL.Password, []any{*opts.SASL}} {
				fmt.Fprintf(&out, format, v)
			}
		}
	}
	fmt.Fprint(&out, *opts.SASL, opts.SASL.Password.String(), fmt.Errorf("%w", fmt.Errorf("%v", *opts.SASL)))
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("options", "options", opts, "sasl", *opts.SASL, "password", opts.SASL.Password)
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"all": *opts.SASL, "password": opts.SASL.Password}); err != nil {
		t.Fatal(err)
	}
	s := newSystem(linktest.New(nil), opts)
	fmt.Fprintf(&out, "%+v %#v %v", s, s, s)
	hex := fmt.Sprintf("%x", []byte(password))
	for _, shown := range []string{password, hex, strings.ToUpper(hex), fmt.Sprintf("%d", []byte(password))} {
		if at := strings.Index(out.String(), shown); at >= 0 {
			t.Errorf("the password is shown: …%s…", out.String()[max(0, at-60):at+20])
		}
	}
	if !strings.Contains(out.String(), "ann") || !strings.Contains(out.String(), hidden) {
		t.Error("nothing was printed")
	}
	var read SASL
	if err := json.Unmarshal([]byte(`{"Password":"hunter2"}`), &read); err != nil || string(read.Password) != password {
		t.Errorf("the password that is read is %q, %v", string(read.Password), err)
	}
}

func TestTLS_Files(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	cert, key := a.client()
	_, otherKey := b.client()
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for _, x := range []struct {
		name  string
		tls   TLS
		words []string // of the error
	}{
		{"nothing", TLS{}, nil},
		{"all", TLS{CA: a.ca, Cert: cert, Key: key, ServerName: "kafka"}, nil},
		{"no such CA", TLS{CA: missing}, []string{"CA", missing, "no such file"}},
		{"a CA that isn't PEM", TLS{CA: noPEM}, []string{"CA", noPEM, "PEM"}},
		{"a key alone", TLS{Key: key}, []string{"two files"}},
		{"a certificate alone", TLS{Cert: cert}, []string{"two files"}},
		{"no such certificate", TLS{Cert: missing, Key: key}, []string{"client certificate", missing, "no such file"}},
		{"no such key", TLS{Cert: cert, Key: missing}, []string{"key", missing, "no such file"}},
		{"another's key", TLS{Cert: cert, Key: otherKey}, []string{cert, otherKey, "does not match"}},
		{"a key that isn't PEM", TLS{Cert: cert, Key: noPEM}, []string{noPEM, "key"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			cfg, err := x.tls.config()
			if x.words != nil {
				for _, w := range x.words {
					if err == nil || !strings.Contains(err.Error(), w) {
						t.Errorf("the error %v doesn't say %q", err, w)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cfg.MinVersion != tls.VersionTLS12 || cfg.ServerName != x.tls.ServerName || (cfg.RootCAs == nil) != (x.tls.CA == "") || (cfg.Certificates == nil) != (x.tls.Cert == "") {
				t.Errorf("the configuration is %+v", cfg)
			}
		})
	}
	if cfg, err := (*TLS)(nil).config(); cfg != nil || err != nil {
		t.Errorf("no TLS is %v, %v", cfg, err)
	}
}

func TestSASL_Login(t *testing.T) {
	if l, err := (&SASL{Plain, "ann", "hunter2"}).login(); l == nil || err != nil {
		t.Errorf("the login is %v, %v", l, err)
	}
	if _, err := (&SASL{ScramSHA256, "ann", "hunter2\x00"}).login(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
	if l, err := (*SASL)(nil).login(); l != nil || err != nil {
		t.Errorf("without SASL the login is %v, %v", l, err)
	}
}

// Open connects to clusters of each kind.
func TestOpen_TLSAndSASL(t *testing.T) {
	ca := newAuthority(t)
	cert, key := ca.client()
	mutual := ca.server("", time.Now().Add(time.Hour))
	mutual.ClientAuth = tls.RequireAndVerifyClientCert
	named := ca.server("kafka.example", time.Now().Add(time.Hour))
	users := []kfake.Opt{
		kfake.EnableSASL(), kfake.User("PLAIN", "ann", "hunter2"), kfake.User("SCRAM-SHA-256", "ann", "hunter2"), kfake.User("SCRAM-SHA-512", "ann", "hunter2"),
	}
	for _, x := range []struct {
		name   string
		server []kfake.Opt
		opts   Options
	}{
		{"client certificates", []kfake.Opt{kfake.TLS(mutual)}, Options{TLS: &TLS{CA: ca.ca, Cert: cert, Key: key}}},
		{"a server's name", []kfake.Opt{kfake.TLS(named)}, Options{TLS: &TLS{CA: ca.ca, ServerName: "kafka.example"}}},
		{"a password", users, Options{SASL: &SASL{Plain, "ann", "hunter2"}}},
		{"SCRAM-256", users, Options{SASL: &SASL{ScramSHA256, "ann", "hunter2"}}},
		{"SCRAM-512", users, Options{SASL: &SASL{ScramSHA512, "ann", "hunter2"}}},
		{"two files", append([]kfake.Opt{kfake.TLS(mutual)}, users...), Options{TLS: &TLS{CA: ca.ca, Cert: cert, Key: key}, SASL: &SASL{ScramSHA512, "ann", "hunter2"}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.opts.Brokers = fakeCluster(t, append(x.server, kfake.NumBrokers(2), kfake.SeedTopics(2, "topic"))...).ListenAddrs()
			s := openSystem(t, x.opts)
			if ends, err := s.Admin().Ends(t.Context(), linktest.At("topic", 0), linktest.At("topic", 1)); err != nil || len(ends) != 2 {
				t.Errorf("ends are %v, %v", ends, err)
			}
		})
	}
}
