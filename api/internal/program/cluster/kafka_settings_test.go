package cluster_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/commands"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka"
)

func yes() *bool { b := true; return &b }

func TestOptions(t *testing.T) {
	dir := t.TempDir()
	ca, cert, key := programtest.WriteFile(t, filepath.Join(dir, "ca"), "x"), programtest.WriteFile(t, filepath.Join(dir, "cert"), "x"), programtest.WriteFile(t, filepath.Join(dir, "key"), "x")
	password := programtest.WriteFile(t, filepath.Join(dir, "password"), "top secret \r\n")
	scram := func(user, password string) *kafka.SASL {
		return &kafka.SASL{Mechanism: kafka.ScramSHA512, User: user, Password: kafka.Secret(password)}
	}
	tests := map[string]struct {
		flags cluster.KafkaFlags
		env   map[string]string
		file  string // of -kafka-config, or of the variable if that is "FILE"
		want  *kafka.Options
	}{
		"nothing": {},
		"settings of the environment wait for a cluster": {
			env: map[string]string{"GRETE_KAFKA_TLS": "true", "GRETE_KAFKA_USER": "ann"},
		},
		"brokers": {
			flags: cluster.KafkaFlags{Brokers: "a:9092, [::1]:9093"},
			want:  &kafka.Options{Brokers: []string{"a:9092", "[::1]:9093"}},
		},
		"everything by flags": {
			flags: cluster.KafkaFlags{
				Brokers: "a:1", TLS: yes(), CA: ca, Cert: cert, Key: key, ServerName: "kafka",
				SASL: "scram-sha-512", User: "ann", PasswordFile: password, Compression: "zstd",
			},
			want: &kafka.Options{
				Brokers: []string{"a:1"}, TLS: &kafka.TLS{CA: ca, Cert: cert, Key: key, ServerName: "kafka"},
				SASL: scram("ann", "top secret "), Codec: batch.Zstd,
			},
		},
		"everything by the environment": {
			env: map[string]string{
				"GRETE_KAFKA": "a:1", "GRETE_KAFKA_TLS": "1", "GRETE_KAFKA_CA": ca, "GRETE_KAFKA_CERT": cert, "GRETE_KAFKA_KEY": key,
				"GRETE_KAFKA_SERVER_NAME": "kafka", "GRETE_KAFKA_SASL": "scram-sha-512", "GRETE_KAFKA_USER": "ann",
				"GRETE_KAFKA_PASSWORD": " pass=word", "GRETE_KAFKA_COMPRESSION": "lz4",
			},
			want: &kafka.Options{
				Brokers: []string{"a:1"}, TLS: &kafka.TLS{CA: ca, Cert: cert, Key: key, ServerName: "kafka"},
				SASL: scram("ann", " pass=word"), Codec: batch.LZ4,
			},
		},
		"everything by a file": {
			env: map[string]string{"GRETE_KAFKA_CONFIG": "FILE"},
			file: "# a comment\n\nkafka = a:1,b:2\r\nkafka-tls=true\n  kafka-sasl = scram-sha-512\nkafka-user = ann\n" +
				"kafka-password = pass # = word\nkafka-compression = snappy\nkafka-ca = " + ca,
			want: &kafka.Options{Brokers: []string{"a:1", "b:2"}, TLS: &kafka.TLS{CA: ca}, SASL: scram("ann", "pass # = word"), Codec: batch.Snappy},
		},
		"a flag before the environment, and that before the file": {
			flags: cluster.KafkaFlags{Brokers: "flag:1"},
			env:   map[string]string{"GRETE_KAFKA": "env:1", "GRETE_KAFKA_COMPRESSION": "gzip", "GRETE_KAFKA_CONFIG": "nowhere"},
			file:  "kafka = file:1\nkafka-compression = zstd\nkafka-server-name = file",
			want:  &kafka.Options{Brokers: []string{"flag:1"}, Codec: batch.Gzip, TLS: &kafka.TLS{ServerName: "file"}},
		},
		"a password before a password's file that is further away": {
			flags: cluster.KafkaFlags{Brokers: "a:1", SASL: "scram-sha-512", User: "ann"},
			env:   map[string]string{"GRETE_KAFKA_PASSWORD": "env"},
			file:  "kafka-password-file = nowhere",
			want:  &kafka.Options{Brokers: []string{"a:1"}, SASL: scram("ann", "env")},
		},
		"and the other way round": {
			flags: cluster.KafkaFlags{Brokers: "a:1", SASL: "scram-sha-512", User: "ann", PasswordFile: password},
			env:   map[string]string{"GRETE_KAFKA_PASSWORD": "env"},
			want:  &kafka.Options{Brokers: []string{"a:1"}, SASL: scram("ann", "top secret ")},
		},
		"a CA alone says that connections are encrypted": {
			flags: cluster.KafkaFlags{Brokers: "a:1", CA: ca, Compression: "none"},
			want:  &kafka.Options{Brokers: []string{"a:1"}, TLS: &kafka.TLS{CA: ca}},
		},
		"a flag against the environment": {
			flags: cluster.KafkaFlags{Brokers: "a:1", TLS: new(bool)},
			env:   map[string]string{"GRETE_KAFKA_TLS": "true"},
			want:  &kafka.Options{Brokers: []string{"a:1"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			programtest.WithoutKafka(t)
			file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "kafka.conf"), tt.file)
			for variable, value := range tt.env {
				if value == "FILE" {
					value = file
				}
				t.Setenv(variable, value)
			}
			if tt.file != "" && tt.env["GRETE_KAFKA_CONFIG"] != "FILE" {
				tt.flags.Config = file
			}
			got, err := tt.flags.Options()
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

// Options may be logged.
func TestOptions_HideSecrets(t *testing.T) {
	programtest.WithoutKafka(t)
	t.Setenv("GRETE_KAFKA_PASSWORD", "hush")
	o, err := (&cluster.KafkaFlags{Brokers: "a:1", User: "ann", SASL: "plain"}).Options()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v", o.SASL), fmt.Sprintf("%+v", *o.SASL), fmt.Sprintf("%#v", *o.SASL), fmt.Sprint(o.SASL.Password)} {
		if strings.Contains(shown, "hush") {
			t.Errorf("shows %s", shown)
		}
	}
}

// Wrong settings are reported before anything is touched, by the names that the user has
// set, with exit code 2, and without secrets.
func TestOptions_RefusesWrongSettings(t *testing.T) {
	dir := t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "some"), "hush")
	empty := programtest.WriteFile(t, filepath.Join(dir, "empty"), "\n")
	user := []string{"-kafka", "a:1", "-kafka-user", "ann", "-kafka-sasl", "plain"}
	tests := map[string]struct {
		args []string
		env  map[string]string
		conf string
		want []string
	}{
		"no port":              {args: []string{"-kafka", "a"}, want: []string{`-kafka: "a"`, "HOST:PORT"}},
		"a port that is none":  {args: []string{"-kafka", "a:1,b:x"}, want: []string{`"b:x"`}},
		"an empty address":     {env: map[string]string{"GRETE_KAFKA": "a:1,"}, want: []string{`GRETE_KAFKA: ""`}},
		"flags for nothing":    {args: []string{"-kafka-ca", file}, want: []string{"-kafka-ca", "add -kafka HOST:PORT"}},
		"a file for nothing":   {conf: "kafka-tls = true", want: []string{"-kafka-config", "add -kafka HOST:PORT"}},
		"copies for nothing":   {args: []string{"-replication", "3"}, want: []string{"-replication 3", "add -kafka"}},
		"negative copies":      {args: []string{"-kafka", "a:1", "-replication=-3"}, want: []string{"positive"}},
		"no such CA":           {args: []string{"-kafka", "a:1", "-kafka-ca", "nowhere"}, want: []string{"-kafka-ca: open nowhere"}},
		"a CA that is none":    {args: []string{"-kafka", "a:1", "-kafka-ca", dir}, want: []string{"-kafka-ca", "is a directory"}},
		"no such settings":     {env: map[string]string{"GRETE_KAFKA_CONFIG": "nowhere"}, want: []string{"GRETE_KAFKA_CONFIG: open nowhere"}},
		"a cert without a key": {args: []string{"-kafka", "a:1", "-kafka-cert", file}, want: []string{"-kafka-cert", "add -kafka-key FILE"}},
		"a key without a cert": {args: []string{"-kafka", "a:1", "-kafka-key", file}, want: []string{"-kafka-key", "add -kafka-cert FILE"}},
		"neither true nor false": {
			args: []string{"-kafka", "a:1"}, env: map[string]string{"GRETE_KAFKA_TLS": "maybe"}, want: []string{"GRETE_KAFKA_TLS", `not "maybe"`},
		},
		"encrypted or not":         {args: []string{"-kafka", "a:1", "-kafka-tls=false", "-kafka-server-name", "x"}, want: []string{"-kafka-tls", "turns encryption off"}},
		"a user without password":  {args: user, want: []string{"-kafka-user", "-kafka-password-file", "GRETE_KAFKA_PASSWORD"}},
		"a password without user":  {args: []string{"-kafka", "a:1"}, env: map[string]string{"GRETE_KAFKA_PASSWORD": "hush"}, want: []string{"GRETE_KAFKA_PASSWORD", "needs a user"}},
		"a file without user":      {args: []string{"-kafka", "a:1", "-kafka-password-file", file}, want: []string{"-kafka-password-file", "needs a user"}},
		"no such password":         {args: append(user, "-kafka-password-file", "nowhere"), want: []string{"-kafka-password-file: open nowhere"}},
		"an empty password":        {args: append(user, "-kafka-password-file", empty), want: []string{"empty is empty"}},
		"a user without mechanism": {args: []string{"-kafka", "a:1", "-kafka-user", "ann", "-kafka-password-file", file}, want: []string{"-kafka-user", "-kafka-sasl scram-sha-512"}},
		"a mechanism without user": {args: []string{"-kafka", "a:1", "-kafka-sasl", "plain"}, want: []string{"-kafka-sasl", "-kafka-user NAME"}},
		"an unknown mechanism":     {args: append(user, "-kafka-password-file", file, "-kafka-sasl", "PLAIN"), want: []string{`unknown mechanism "PLAIN"`, "scram-sha-256"}},
		"an unknown codec":         {args: []string{"-kafka", "a:1", "-kafka-compression", "zip"}, want: []string{`unknown codec "zip"`, "lz4"}},
		"an unknown setting":       {conf: "kafka = a:1\nkafka-pasword = hush", want: []string{"line 2", "unknown setting", "kafka-password"}},
		"no setting":               {conf: "# x\nkafka a:1 hush", want: []string{"line 2", "NAME = VALUE"}},
		"a setting of nothing":     {conf: "kafka =", want: []string{"line 1", "no value"}},
		"a setting twice":          {conf: "kafka-user = a\nkafka-user = b", want: []string{"line 2", "twice"}},
		"a file of a file":         {conf: "kafka-config = x", want: []string{"line 1", "unknown setting"}},
		"a password twice": {
			conf: "kafka-user = a\nkafka-sasl = plain\nkafka = a:1\nkafka-password = hush\nkafka-password-file = " + file,
			want: []string{"kafka-password-file in", "also by kafka-password in"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			programtest.WithoutKafka(t)
			for variable, value := range tt.env {
				t.Setenv(variable, value)
			}
			args := tt.args
			if tt.conf != "" {
				args = append(args, "-kafka-config", programtest.WriteFile(t, filepath.Join(t.TempDir(), "kafka.conf"), tt.conf))
			}
			names := []string{"run", "plan"}
			if strings.Contains(fmt.Sprint(args), "-replication") {
				names = names[:1]
			}
			for _, command := range names {
				r := programtest.Run(t.Context(), programtest.Words(), commands.All(), append([]string{command}, args...)...)
				r.Failed(t, append(tt.want, "see -help")...)
				if r.Code != 2 || strings.Contains(r.Err, "hush") {
					t.Errorf("%s: exit %d\n%s", command, r.Code, r.Err)
				}
			}
		})
	}
}
