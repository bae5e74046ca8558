package api

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka"
)

// withoutKafka clears what the environment of the tests says of Kafka.
func withoutKafka(t *testing.T) {
	t.Helper()
	for name := range environment() {
		t.Setenv("GRETE_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), "")
	}
}

func yes() *bool { b := true; return &b }

func TestKafkaSettings(t *testing.T) {
	dir := t.TempDir()
	ca, cert, key := writeFile(t, filepath.Join(dir, "ca"), "x"), writeFile(t, filepath.Join(dir, "cert"), "x"), writeFile(t, filepath.Join(dir, "key"), "x")
	password := writeFile(t, filepath.Join(dir, "password"), "top secret \r\n")
	scram := func(user, password string) *kafka.SASL {
		return &kafka.SASL{Mechanism: kafka.ScramSHA512, User: user, Password: kafka.Secret(password)}
	}
	tests := map[string]struct {
		flags kafkaFlags
		env   map[string]string
		file  string // of -kafka-config, or of the variable if that is "FILE"
		want  *kafka.Options
	}{
		"nothing": {},
		"settings of the environment wait for a cluster": {
			env: map[string]string{"GRETE_KAFKA_TLS": "true", "GRETE_KAFKA_USER": "ann"},
		},
		"brokers": {
			flags: kafkaFlags{Brokers: "a:9092, [::1]:9093"},
			want:  &kafka.Options{Brokers: []string{"a:9092", "[::1]:9093"}},
		},
		"everything by flags": {
			flags: kafkaFlags{
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
			flags: kafkaFlags{Brokers: "flag:1"},
			env:   map[string]string{"GRETE_KAFKA": "env:1", "GRETE_KAFKA_COMPRESSION": "gzip", "GRETE_KAFKA_CONFIG": "nowhere"},
			file:  "kafka = file:1\nkafka-compression = zstd\nkafka-server-name = file",
			want:  &kafka.Options{Brokers: []string{"flag:1"}, Codec: batch.Gzip, TLS: &kafka.TLS{ServerName: "file"}},
		},
		"a password before a password's file that is further away": {
			flags: kafkaFlags{Brokers: "a:1", SASL: "scram-sha-512", User: "ann"},
			env:   map[string]string{"GRETE_KAFKA_PASSWORD": "env"},
			file:  "kafka-password-file = nowhere",
			want:  &kafka.Options{Brokers: []string{"a:1"}, SASL: scram("ann", "env")},
		},
		"and the other way round": {
			flags: kafkaFlags{Brokers: "a:1", SASL: "scram-sha-512", User: "ann", PasswordFile: password},
			env:   map[string]string{"GRETE_KAFKA_PASSWORD": "env"},
			want:  &kafka.Options{Brokers: []string{"a:1"}, SASL: scram("ann", "top secret ")},
		},
		"a CA alone says that connections are encrypted": {
			flags: kafkaFlags{Brokers: "a:1", CA: ca, Compression: "none"},
			want:  &kafka.Options{Brokers: []string{"a:1"}, TLS: &kafka.TLS{CA: ca}},
		},
		"a flag against the environment": {
			flags: kafkaFlags{Brokers: "a:1", TLS: new(bool)},
			env:   map[string]string{"GRETE_KAFKA_TLS": "true"},
			want:  &kafka.Options{Brokers: []string{"a:1"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withoutKafka(t)
			file := writeFile(t, filepath.Join(t.TempDir(), "kafka.conf"), tt.file)
			for variable, value := range tt.env {
				if value == "FILE" {
					value = file
				}
				t.Setenv(variable, value)
			}
			if tt.file != "" && tt.env["GRETE_KAFKA_CONFIG"] != "FILE" {
				tt.flags.Config = file
			}
			got, err := tt.flags.options()
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

// What is wrong with the settings is said before anything is touched, by the name
// that the user gave it, with exit code 2, and without any secret.
func TestKafkaSettingsRefused(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "some"), "hush")
	empty := writeFile(t, filepath.Join(dir, "empty"), "\n")
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
		"flags for nothing":    {args: []string{"-kafka-ca", file}, want: []string{"-kafka-ca", "no -kafka HOST:PORT"}},
		"a file for nothing":   {conf: "kafka-tls = true", want: []string{"-kafka-config", "no -kafka HOST:PORT"}},
		"copies for nothing":   {args: []string{"-replication", "3"}, want: []string{"-replication 3", "no -kafka"}},
		"negative copies":      {args: []string{"-kafka", "a:1", "-replication=-3"}, want: []string{"positive"}},
		"no such CA":           {args: []string{"-kafka", "a:1", "-kafka-ca", "nowhere"}, want: []string{"-kafka-ca: open nowhere"}},
		"a CA that is none":    {args: []string{"-kafka", "a:1", "-kafka-ca", dir}, want: []string{"-kafka-ca", "is a directory"}},
		"no such settings":     {env: map[string]string{"GRETE_KAFKA_CONFIG": "nowhere"}, want: []string{"GRETE_KAFKA_CONFIG: open nowhere"}},
		"a cert without a key": {args: []string{"-kafka", "a:1", "-kafka-cert", file}, want: []string{"-kafka-cert", "add -kafka-key FILE"}},
		"a key without a cert": {args: []string{"-kafka", "a:1", "-kafka-key", file}, want: []string{"-kafka-key", "add -kafka-cert FILE"}},
		"neither true nor false": {
			args: []string{"-kafka", "a:1"}, env: map[string]string{"GRETE_KAFKA_TLS": "maybe"}, want: []string{"GRETE_KAFKA_TLS", `not "maybe"`},
		},
		"encrypted or not":         {args: []string{"-kafka", "a:1", "-kafka-tls=false", "-kafka-server-name", "x"}, want: []string{"-kafka-tls", "nothing is encrypted"}},
		"a user without password":  {args: user, want: []string{"-kafka-user", "-kafka-password-file", "GRETE_KAFKA_PASSWORD"}},
		"a password without user":  {args: []string{"-kafka", "a:1"}, env: map[string]string{"GRETE_KAFKA_PASSWORD": "hush"}, want: []string{"GRETE_KAFKA_PASSWORD", "no user"}},
		"a file without user":      {args: []string{"-kafka", "a:1", "-kafka-password-file", file}, want: []string{"-kafka-password-file", "no user"}},
		"no such password":         {args: append(user, "-kafka-password-file", "nowhere"), want: []string{"-kafka-password-file: open nowhere"}},
		"an empty password":        {args: append(user, "-kafka-password-file", empty), want: []string{"empty is empty"}},
		"a user without mechanism": {args: []string{"-kafka", "a:1", "-kafka-user", "ann", "-kafka-password-file", file}, want: []string{"-kafka-user", "-kafka-sasl scram-sha-512"}},
		"a mechanism without user": {args: []string{"-kafka", "a:1", "-kafka-sasl", "plain"}, want: []string{"-kafka-sasl", "-kafka-user NAME"}},
		"an unknown mechanism":     {args: append(user, "-kafka-password-file", file, "-kafka-sasl", "PLAIN"), want: []string{`no "PLAIN"`, "scram-sha-256"}},
		"an unknown codec":         {args: []string{"-kafka", "a:1", "-kafka-compression", "zip"}, want: []string{`no "zip"`, "lz4"}},
		"an unknown setting":       {conf: "kafka = a:1\nkafka-pasword = hush", want: []string{"line 2", "no setting of that name", "kafka-password"}},
		"no setting":               {conf: "# x\nkafka a:1 hush", want: []string{"line 2", "NAME = VALUE"}},
		"a setting of nothing":     {conf: "kafka =", want: []string{"line 1", "no value"}},
		"a setting twice":          {conf: "kafka-user = a\nkafka-user = b", want: []string{"line 2", "twice"}},
		"a file of a file":         {conf: "kafka-config = x", want: []string{"line 1", "no setting"}},
		"a password twice": {
			conf: "kafka-user = a\nkafka-sasl = plain\nkafka = a:1\nkafka-password = hush\nkafka-password-file = " + file,
			want: []string{"kafka-password-file in", "also as kafka-password in"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withoutKafka(t)
			for variable, value := range tt.env {
				t.Setenv(variable, value)
			}
			args := tt.args
			if tt.conf != "" {
				args = append(args, "-kafka-config", writeFile(t, filepath.Join(t.TempDir(), "kafka.conf"), tt.conf))
			}
			commands := []string{"run", "plan"}
			if strings.Contains(fmt.Sprint(args), "-replication") {
				commands = commands[:1]
			}
			for _, command := range commands {
				r := runMain(t.Context(), words(), append([]string{command}, args...)...)
				r.failed(t, append(tt.want, "see -help")...)
				if r.code != 2 || strings.Contains(r.err, "hush") {
					t.Errorf("%s: exit %d\n%s", command, r.code, r.err)
				}
			}
		})
	}
}

// Options are for logs and messages too.
func TestSecretsStaySecret(t *testing.T) {
	withoutKafka(t)
	t.Setenv("GRETE_KAFKA_PASSWORD", "hush")
	o, err := (&kafkaFlags{Brokers: "a:1", User: "ann", SASL: "plain"}).options()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v", o.SASL), fmt.Sprintf("%+v", *o.SASL), fmt.Sprintf("%#v", *o.SASL), fmt.Sprint(o.SASL.Password)} {
		if strings.Contains(shown, "hush") {
			t.Errorf("shows %s", shown)
		}
	}
}

// A program that has no command line looks at the environment, too.
func TestRunLooksAtTheEnvironment(t *testing.T) {
	withoutKafka(t)
	t.Setenv("GRETE_KAFKA", "nonsense")
	if err := words().Run(t.Context()); err == nil || !strings.Contains(err.Error(), `GRETE_KAFKA: "nonsense"`) {
		t.Errorf("got %v", err)
	}
}
