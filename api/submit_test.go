package api

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		writeFile(t, file, string(got))
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; go test -update writes it anew. Got:\n%s", file, got)
	}
}

// submitted parses a command line of submit, and returns what it says of the job.
func submitted(t *testing.T, args ...string) (*submitCommand, nomad.Config, error) {
	t.Helper()
	var cmds commands
	parser, err := kong.New(&cmds, kafkaGroup())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(twoDashes(append([]string{"submit"}, args...)))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := cmds.Submit.config(parsed)
	return &cmds.Submit, cfg, err
}

// exportedJob is what submit -export writes for an app that reads four partitions of words.
func exportedJob(t *testing.T, app *App, args ...string) ([]byte, error) {
	t.Helper()
	s, cfg, err := submitted(t, args...)
	if err != nil {
		return nil, err
	}
	cfg.Version, cfg.Build.Version, cfg.Build.Revision, cfg.Build.Go = "v0.9.0", "v1.2.3", "", "go1.27.3"
	o := scheduler.Options{}
	if o.Containers, o.StageContainers, err = perStage("containers", s.Containers); err != nil {
		return nil, err
	}
	plan, err := app.Plan(scheduler.Metadata{Partitions: map[string]int32{"words": 4}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return exported(plan, cfg)
}

// allOfSubmit are flags of every kind, and secrets that come from everywhere.
func allOfSubmit(t *testing.T) []string {
	t.Helper()
	withoutKafka(t)
	dir := t.TempDir()
	secret := func(name string) string { return writeFile(t, filepath.Join(dir, name), "hunter2") }
	t.Setenv("GRETE_TOKEN", "hunter2")
	t.Setenv("GRETE_KAFKA_CERT", secret("cert"))
	t.Setenv("GRETE_KAFKA_PASSWORD", "hunter2")
	t.Setenv("GRETE_KAFKA_TLS", "1")
	conf := writeFile(t, filepath.Join(dir, "kafka.conf"), "kafka-sasl = plain\nkafka-user = ann\nkafka-key = "+secret("key")+"\nkafka-password = hunter2")
	return []string{
		"-kafka", "a:1,b:2", "-kafka-config", conf, "-kafka-ca", secret("ca"), "-kafka-compression", "zstd", "-kafka-server-name", "kafka",
		"-export", "-", "-containers", "2", "-containers", "by-word=3", "-cpu", "1500", "-cores", "by-word=2", "-disk", "20GB",
		"-datacenter", "dc1,dc2", "-datacenter", "dc3", "-namespace", "analytics", "-region", "eu", "-node-pool", "stream", "-priority", "70",
		"-constraint", "node.class = a, b", "-constraint", "distinct_hosts", "-affinity", "meta.rack = r1 80", "-driver", "raw_exec", "-installed", "/opt/words",
		"-partitions", "8", "-memory", "512MB", "-commit-interval", "100ms", "-replication", "3", "-session-timeout", "20s", "-refresh", "1m",
		"-standbys", "1", "-accept-loss", "-at-least-once",
	}
}

func TestGoldenExports(t *testing.T) {
	few := func(*testing.T) []string { return []string{"-kafka", "a:1", "-installed", "/opt/words"} }
	for name, test := range map[string]struct {
		app  *App
		args func(t *testing.T) []string
	}{
		"submit-words.json":            {words(), few},
		"submit-words-per-minute.json": {wordsPerMinute(), few},
		"submit-all.json":              {words(), allOfSubmit},
	} {
		t.Run(name, func(t *testing.T) {
			withoutKafka(t)
			b, err := exportedJob(t, test.app, test.args(t)...)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(b), "hunter2") || strings.Contains(string(b), os.TempDir()) {
				t.Errorf("there is a secret in it, or a place of this machine:\n%s", b)
			}
			golden(t, name, b)
		})
	}
}

// What containers are told run understands, and it means what submit was told.
func TestContainersUnderstandTheirFlags(t *testing.T) {
	s, cfg, err := submitted(t, allOfSubmit(t)...)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := parse(t, append([]string{"run"}, cfg.Args...)...)
	said := s.jobFlags
	said.Kafka, said.Memory = c.Kafka, c.Memory
	if c.jobFlags != said || c.Kafka.Brokers != "a:1,b:2" || !*c.Kafka.TLS || c.Kafka.User != "ann" || c.Kafka.Config != "" || c.Kafka.CA != "" || c.Kafka.PasswordFile != "" {
		t.Errorf("%q is read as %+v", cfg.Args, c.jobFlags)
	}
	if c.Containers != 1 || c.Stage != "" || c.Memory != "256MB" {
		t.Errorf("it has what is each container's: %q", cfg.Args)
	}
	_, items := nomad.Variable("words", cfg)
	if want := []string{"GRETE_TOKEN", "GRETE_KAFKA_CA", "GRETE_KAFKA_CERT", "GRETE_KAFKA_KEY", "GRETE_KAFKA_PASSWORD"}; !slices.Equal(items, want) {
		t.Errorf("the variable needs %q", items)
	}
	var flags []string
	for _, secret := range cfg.Secrets {
		flags = append(flags, "--"+secret.Flag+"=x")
	}
	parse(t, append([]string{"run"}, flags...)...)
}

// A program is known by its checksum, and runs where it was built for.
func TestSubmittedBinary(t *testing.T) {
	withoutKafka(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, cfg, err := submitted(t, "-kafka", "a:1", "-artifact", "https://store/x", "-binary", program)
	if err != nil {
		t.Fatal(err)
	}
	b := cfg.Binary
	if b.URL != "https://store/x" || b.OS != runtime.GOOS || b.Arch != runtime.GOARCH || !regexp.MustCompile("^[0-9a-f]{64}$").MatchString(b.SHA256) || cfg.Build.Go != runtime.Version() {
		t.Errorf("it is %+v, built as %+v", b, cfg.Build)
	}
}

func TestBadSubmits(t *testing.T) {
	withoutKafka(t)
	text := writeFile(t, filepath.Join(t.TempDir(), "x"), "text")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no Kafka":             {[]string{"-kafka="}, "there is no -kafka HOST:PORT: on Nomad a job is many processes"},
		"settings for nothing": {[]string{"-kafka=", "-kafka-user", "ann"}, "-kafka-user: there is no -kafka HOST:PORT"},
		"no address":           {[]string{"-kafka", "a"}, `-kafka: "a" is no address of a broker`},
		"memory":               {[]string{"-memory", "1MB"}, "-memory 1MB: a container needs 16MB at least"},
		"disk":                 {[]string{"-disk", "much"}, `-disk: "much" is no size`},
		"containers":           {[]string{"-containers", "0"}, "-containers 0: it is a positive number, or one of a stage, as in STAGE=3"},
		"containers of none":   {[]string{"-containers", "=3"}, "-containers =3: it is"},
		"cpu":                  {[]string{"-cpu", "by-word=much"}, "-cpu by-word=much: it is"},
		"cpu twice":            {[]string{"-cpu", "1", "-cpu", "2"}, "-cpu 2: it is said twice"},
		"cores twice":          {[]string{"-cores", "a=1", "-cores", "a=2"}, "-cores a=2: it is said twice"},
		"a constraint":         {[]string{"-constraint", "a ~ b"}, `-constraint "a ~ b": there is no operator "~"`},
		"an affinity":          {[]string{"-affinity", "a = b 200"}, `-affinity "a = b 200": its weight is -100 to 100`},
		"no program":           {[]string{"-binary", text + ".no"}, "no such file"},
		"a text for a program": {[]string{"-binary", text}, "is no program that Go has built"},
		"no checksum":          {[]string{"-installed=", "-artifact", "https://store/x"}, "-artifact https://store/x: nothing says what is there: give the same program as -binary FILE"},
		"a store for nothing":  {[]string{"-artifacts", "https://store"}, "-artifacts: the program is put there, or it is somewhere already"},
		"a header for nothing": {[]string{"-artifacts-header-file", "x"}, "-artifacts-header-file: there is no -artifacts URL"},
		"TLS":                  {[]string{"-kafka-tls=maybe"}, "--kafka-tls"},
		"a flag of run alone":  {[]string{"-once"}, "unknown flag --once"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "job.json")
			r := runMain(t.Context(), words(), append([]string{"submit", "-export", out, "-kafka", "localhost:1", "-installed", "/opt/words"}, test.args...)...)
			r.failed(t, test.want)
			if _, err := os.Stat(out); r.code != 2 || err == nil || r.out != "" {
				t.Errorf("exit %d, job written: %v, %q", r.code, err, r.out)
			}
		})
	}
	// What fits no plan.
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a share of no stage": {[]string{"-cpu", "other=100"}, `of stage other: there is no stage "other"; there are: words, by-word`},
		"a share and cores":   {[]string{"-cpu", "by-word=100", "-cores", "by-word=1"}, "of stage by-word: -cpu 100 and -cores 1: "},
		"a driver":            {[]string{"-driver", "docker"}, "-driver docker: it is exec or raw_exec"},
		"no way to the nodes": {[]string{"-installed="}, "-artifact: nothing says where nodes get the program from"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exportedJob(t, words(), append([]string{"-kafka", "a:1", "-installed", "/opt/words"}, test.args...)...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// The real thing fails where the cluster isn't there, with nothing written.
func TestSubmitAsksTheCluster(t *testing.T) {
	withoutKafka(t)
	r := runMain(t.Context(), words(), "submit", "-export", "-", "-kafka", "localhost:1", "-installed", "/opt/words")
	if r.failed(t, "localhost:1"); r.code != 1 || r.out != "" {
		t.Errorf("exit %d, %q", r.code, r.out)
	}
}

// What submit needs is looked for in the order in which it costs.
func TestSubmitsThatFail(t *testing.T) {
	withoutKafka(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nobody there":    {nil, "nobody answers at http://127.0.0.1:1: set -nomad or NOMAD_ADDR"},
		"no URL":          {[]string{"-nomad", "ann:hunter2@x"}, "-nomad: the address of a Nomad agent is a URL"},
		"no token":        {[]string{"-nomad-token-file", "/none"}, "-nomad-token-file: open /none"},
		"a platform":      {[]string{"-build", "x", "-platform", "linux"}, `-platform: "linux" is no platform`},
		"a foreign build": {[]string{"-build", "x", "-platform", "linux/none"}, "RocksDB for linux/none can't be built here"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runMain(t.Context(), words(), append([]string{"submit", "-kafka", "localhost:1", "-nomad", "http://127.0.0.1:1"}, test.args...)...)
			r.failed(t, test.want)
			if strings.Contains(r.err, "hunter2") {
				t.Error("there is a secret in it")
			}
		})
	}
}
