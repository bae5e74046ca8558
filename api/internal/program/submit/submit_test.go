package submit_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/api/internal/program/run"
	"github.com/gretestream/grete/api/internal/program/submit"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/scheduler"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		programtest.WriteFile(t, file, string(got))
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; go test -update rewrites it. Got:\n%s", file, got)
	}
}

// submitted parses a command line of submit, and returns what it says about the job.
func submitted(t *testing.T, args ...string) (*submit.Command, nomad.Config, error) {
	t.Helper()
	var commands submit.Commands
	parsed, err := program.Parse(append([]string{"submit"}, args...), &commands)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := submit.Config(&commands.Submit, parsed)
	return &commands.Submit, cfg, err
}

// words counts words; wordsPerMinute counts them in windows.
func words() *api.App {
	app := api.New("words")
	app.From[word]("words").PartitionBy("by-word", byWord).Count("count").To("counts")
	return app
}

func wordsPerMinute() *api.App {
	app := api.New("words")
	app.From("words", api.EventTime(func(w word) time.Time { return time.UnixMilli(w.At) })).
		PartitionBy("by-word", byWord).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To("counts")
	return app
}

type word struct {
	Word string `json:"word"`
	At   int64  `json:"at"`
}

func byWord(w word) string { return w.Word }

// runSubmit runs a command line.
func runSubmit(t *testing.T, args ...string) programtest.Result {
	t.Helper()
	return programtest.Run(t.Context(), words().Pipeline(), []any{&submit.Commands{}}, append([]string{"submit"}, args...)...)
}

// parseRun parses a command line of run.
func parseRun(t *testing.T, args ...string) *run.Command {
	t.Helper()
	var commands run.Commands
	if _, err := program.Parse(append([]string{"run"}, args...), &commands); err != nil {
		t.Fatal(err)
	}
	return &commands.Run
}

// exportedJob is what submit -export writes for an app that reads four partitions of words.
func exportedJob(t *testing.T, app *api.App, args ...string) ([]byte, error) {
	t.Helper()
	s, cfg, err := submitted(t, args...)
	if err != nil {
		return nil, err
	}
	cfg.Version, cfg.Build.Version, cfg.Build.Revision, cfg.Build.Go = "v0.9.0", "v1.2.3", "", "go1.27.3"
	o := scheduler.Options{}
	if o.Containers, o.StageContainers, err = submit.PerStage("containers", s.Containers); err != nil {
		return nil, err
	}
	plan, err := app.Pipeline().Plan(scheduler.Metadata{Partitions: map[string]int32{"words": 4}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return submit.Exported(plan, cfg)
}

// allOfSubmit has flags of every kind, and secrets from every place.
func allOfSubmit(t *testing.T) []string {
	t.Helper()
	programtest.WithoutKafka(t)
	dir := t.TempDir()
	secret := func(name string) string { return programtest.WriteFile(t, filepath.Join(dir, name), "hunter2") }
	t.Setenv("GRETE_TOKEN", "hunter2")
	t.Setenv("GRETE_KAFKA_CERT", secret("cert"))
	t.Setenv("GRETE_KAFKA_PASSWORD", "hunter2")
	t.Setenv("GRETE_KAFKA_TLS", "1")
	conf := programtest.WriteFile(t, filepath.Join(dir, "kafka.conf"), "kafka-sasl = plain\nkafka-user = ann\nkafka-key = "+secret("key")+"\nkafka-password = hunter2")
	return []string{
		"-kafka", "a:1,b:2", "-kafka-config", conf, "-kafka-ca", secret("ca"), "-kafka-compression", "zstd", "-kafka-server-name", "kafka",
		"-export", "-", "-containers", "2", "-containers", "by-word=3", "-cpu", "1500", "-cores", "by-word=2", "-disk", "20GB",
		"-datacenter", "dc1,dc2", "-datacenter", "dc3", "-namespace", "analytics", "-region", "eu", "-node-pool", "stream", "-priority", "70",
		"-constraint", "node.class = a, b", "-constraint", "distinct_hosts", "-affinity", "meta.rack = r1 80", "-driver", "raw_exec", "-installed", "/opt/words",
		"-partitions", "8", "-memory", "512MB", "-commit-interval", "100ms", "-replication", "3", "-session-timeout", "20s", "-refresh", "1m",
		"-standbys", "1", "-accept-loss", "-at-least-once",
		"-read-token-file", secret("read"), "-http-cert", secret("http-cert"), "-http-key", secret("http-key"), "-http-ca", secret("http-ca"),
	}
}

func TestExport_Golden(t *testing.T) {
	few := func(*testing.T) []string { return []string{"-kafka", "a:1", "-installed", "/opt/words"} }
	for name, test := range map[string]struct {
		app  *api.App
		args func(t *testing.T) []string
	}{
		"submit-words.json":            {words(), few},
		"submit-words-per-minute.json": {wordsPerMinute(), few},
		"submit-all.json":              {words(), allOfSubmit},
	} {
		t.Run(name, func(t *testing.T) {
			programtest.WithoutKafka(t)
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

// run parses the flags of containers to what submit was told.
func TestConfig_FlagsOfContainers(t *testing.T) {
	s, cfg, err := submitted(t, allOfSubmit(t)...)
	if err != nil {
		t.Fatal(err)
	}
	c := parseRun(t, cfg.Args...)
	said := s.JobFlags
	said.Kafka, said.Memory = c.Kafka, c.Memory
	if c.JobFlags != said || c.Kafka.Brokers != "a:1,b:2" || !*c.Kafka.TLS || c.Kafka.User != "ann" || c.Kafka.Config != "" || c.Kafka.CA != "" || c.Kafka.PasswordFile != "" {
		t.Errorf("%q is read as %+v", cfg.Args, c.JobFlags)
	}
	if c.Containers != 1 || c.Stage != "" || c.Memory != "256MB" {
		t.Errorf("a container gets flags of submit: %q", cfg.Args)
	}
	_, items := nomad.Variable("words", cfg)
	if want := []string{"GRETE_TOKEN", "GRETE_HTTP_CERT", "GRETE_HTTP_KEY", "GRETE_HTTP_CA", "GRETE_READ_TOKEN", "GRETE_KAFKA_CA", "GRETE_KAFKA_CERT", "GRETE_KAFKA_KEY", "GRETE_KAFKA_PASSWORD"}; !slices.Equal(items, want) {
		t.Errorf("the variable needs %q", items)
	}
	var flags []string
	for _, secret := range cfg.Secrets {
		flags = append(flags, "--"+secret.Flag+"=x")
	}
	parseRun(t, flags...)
}

// A program is identified by its checksum, and runs on the platform it was built for.
func TestConfig_Binary(t *testing.T) {
	programtest.WithoutKafka(t)
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

func TestSubmit_RefusesWrongFlags(t *testing.T) {
	programtest.WithoutKafka(t)
	text := programtest.WriteFile(t, filepath.Join(t.TempDir(), "x"), "text")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no Kafka":             {[]string{"-kafka="}, "a job on Nomad consists of many processes, which need a Kafka cluster: add -kafka HOST:PORT"},
		"settings for nothing": {[]string{"-kafka=", "-kafka-user", "ann"}, "-kafka-user: no cluster is named: add -kafka HOST:PORT"},
		"no address":           {[]string{"-kafka", "a"}, `-kafka: "a" isn't the address of a broker`},
		"memory":               {[]string{"-memory", "1MB"}, "-memory 1MB: a container needs at least 16MB"},
		"disk":                 {[]string{"-disk", "much"}, `-disk: "much" is not a size`},
		"containers":           {[]string{"-containers", "0"}, "-containers 0: write a positive number, or one for a stage, as in STAGE=3"},
		"containers of none":   {[]string{"-containers", "=3"}, "-containers =3: write"},
		"cpu":                  {[]string{"-cpu", "by-word=much"}, "-cpu by-word=much: write"},
		"cpu twice":            {[]string{"-cpu", "1", "-cpu", "2"}, "-cpu 2: it is set twice"},
		"cores twice":          {[]string{"-cores", "a=1", "-cores", "a=2"}, "-cores a=2: it is set twice"},
		"a constraint":         {[]string{"-constraint", "a ~ b"}, `-constraint "a ~ b": there is no operator "~"`},
		"an affinity":          {[]string{"-affinity", "a = b 200"}, `-affinity "a = b 200": its weight is -100 to 100`},
		"no program":           {[]string{"-binary", text + ".no"}, "no such file"},
		"a text for a program": {[]string{"-binary", text}, "is no program that Go has built"},
		"no checksum":          {[]string{"-installed=", "-artifact", "https://store/x"}, "-artifact https://store/x: its checksum is unknown: add the same program as -binary FILE"},
		"a store for nothing":  {[]string{"-artifacts", "https://store"}, "-artifacts: it uploads the program, but -artifact and -installed mean"},
		"a header for nothing": {[]string{"-artifacts-header-file", "x"}, "-artifacts-header-file: there is no -artifacts URL"},
		"TLS":                  {[]string{"-kafka-tls=maybe"}, "--kafka-tls"},
		"a flag of run alone":  {[]string{"-once"}, "unknown flag --once"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "job.json")
			r := runSubmit(t, append([]string{"-export", out, "-kafka", "localhost:1", "-installed", "/opt/words"}, test.args...)...)
			r.Failed(t, test.want)
			if _, err := os.Stat(out); r.Code != 2 || err == nil || r.Out != "" {
				t.Errorf("exit %d, job written: %v, %q", r.Code, err, r.Out)
			}
		})
	}
	// What doesn't fit the plan.
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a share of no stage": {[]string{"-cpu", "other=100"}, `of stage other: there is no stage "other"; the stages are: words, by-word`},
		"a share and cores":   {[]string{"-cpu", "by-word=100", "-cores", "by-word=1"}, "of stage by-word: -cpu 100 and -cores 1: "},
		"a driver":            {[]string{"-driver", "docker"}, "-driver docker: must be exec or raw_exec"},
		"no way to the nodes": {[]string{"-installed="}, "-artifact: nodes have no way to get the program"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exportedJob(t, words(), append([]string{"-kafka", "a:1", "-installed", "/opt/words"}, test.args...)...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Without the Kafka cluster nothing is exported.
func TestExport_NeedsCluster(t *testing.T) {
	programtest.WithoutKafka(t)
	r := runSubmit(t, "-export", "-", "-kafka", "localhost:1", "-installed", "/opt/words")
	if r.Failed(t, "localhost:1"); r.Code != 1 || r.Out != "" {
		t.Errorf("exit %d, %q", r.Code, r.Out)
	}
}

// submit checks its requirements in the order of their cost.
func TestSubmit_Failures(t *testing.T) {
	programtest.WithoutKafka(t)
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
			r := runSubmit(t, append([]string{"-kafka", "localhost:1", "-nomad", "http://127.0.0.1:1"}, test.args...)...)
			r.Failed(t, test.want)
			if strings.Contains(r.Err, "hunter2") {
				t.Error("there is a secret in it")
			}
		})
	}
}
