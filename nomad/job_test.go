package nomad

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"

	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/scheduler"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a golden file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test -update rewrites it. Got:\n%s", file, got)
	}
}

// counting returns the plan of an app that counts the records of a topic in a second stage.
func counting(t *testing.T, app, topic, stage string) *scheduler.Plan {
	t.Helper()
	plan, err := scheduler.Build(scheduler.Graph{App: app, Nodes: []scheduler.Node{
		{ID: 0, Kind: scheduler.KindInput, Topic: topic},
		{ID: 1, Kind: scheduler.KindRepartition, Name: stage, From: []scheduler.Edge{{Node: 0}}, Key: "string", Value: "string"},
		{ID: 2, Kind: "table", Name: "counts", From: []scheduler.Edge{{Node: 1}}, Stores: []scheduler.StoreSpec{{Layout: "values", Key: "string", Value: "int64"}}},
		{ID: 3, Kind: scheduler.KindOutput, Topic: "out", From: []scheduler.Edge{{Node: 2}}},
	}}, scheduler.Metadata{Partitions: map[string]int32{topic: 4}}, scheduler.Options{StageContainers: map[string]int{stage: 3}})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func pageviews(t *testing.T) *scheduler.Plan {
	return counting(t, "pageviews", "page-views", "by-user")
}

const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// least returns a configuration with only the required fields.
func least() Config {
	return Config{Memory: 256 << 20, Disk: 1 << 30, Binary: Binary{URL: "https://store.example/" + sum, SHA256: sum}}
}

func TestJob_Golden(t *testing.T) {
	all := Config{
		Namespace: "analytics", Region: "eu", NodePool: "stream", Datacenters: []string{"dc1", "dc2"}, Priority: 70,
		Constraints: []Constraint{{"${meta.rack}", isSet, ""}, {"", distinctHosts, "true"}},
		Affinities:  []Affinity{{Constraint{"${node.class}", "=", "ssd"}, 80}},
		Driver:      driverRawExec, Resources: Resources{CPU: 2500}, StageResources: map[string]Resources{"by-user": {Cores: 3}},
		Memory: 100 << 20, Disk: 20 << 30, Binary: Binary{URL: "http://store/x", SHA256: sum, OS: "linux", Arch: "arm64"},
		Args:    []string{"--kafka=a:1,b:2", "--standbys=1"},
		Secrets: []Secret{{Name: "GRETE_KAFKA_CA", Flag: "kafka-ca"}, {Name: "GRETE_KAFKA_PASSWORD", Flag: "kafka-password-file"}}, TLS: true,
		Timing:  Timing{Kill: 20 * time.Second, LostAfter: 3 * time.Minute, MinHealthy: time.Second, Healthy: time.Minute, Progress: 2 * time.Minute},
		Version: "v0.9.0", Build: metrics.Build{Version: "v1.2.3", Revision: "0123abc", Go: "go1.27.3"},
	}
	installed := least()
	installed.Binary = Binary{Path: "/opt/pageviews"}
	apart := least()
	apart.Apart = true
	for name, cfg := range map[string]Config{"least": least(), "all": all, "installed": installed, "apart": apart} {
		t.Run(name, func(t *testing.T) {
			job, err := Job(pageviews(t), cfg)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Export(job)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", b)
			// What isn't written means the same as what is.
			var read struct{ Job *api.Job }
			if err := json.Unmarshal(b, &read); err != nil {
				t.Fatal(err)
			}
			again, err := Export(read.Job)
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("read again it is another job: %v\n%s", err, again)
			}
			job.Canonicalize()
			read.Job.Canonicalize()
			whole, errWhole := Export(job)
			if again, err = Export(read.Job); errors.Join(err, errWhole) != nil || !bytes.Equal(again, whole) {
				t.Errorf("Nomad's form of the job differs: %v, %v\n%s", err, errWhole, again)
			}
		})
	}
}

func TestOurs_OnlyJobsOfJob(t *testing.T) {
	job, err := Job(pageviews(t), least())
	if err != nil {
		t.Fatal(err)
	}
	if !Ours(job) || Ours(&api.Job{}) || Ours(nil) || Ours(&api.Job{Meta: map[string]string{"app": "pageviews"}}) {
		t.Error("ours isn't told from others")
	}
}

// The memory limit of a container exceeds what Go and RocksDB use, whatever its budget.
func TestJob_MemoryLimitExceedsBudgets(t *testing.T) {
	for _, mb := range []int64{16, 100, 256, 4096} {
		cfg := least()
		cfg.Memory = mb << 20
		job, err := Job(pageviews(t), cfg)
		if err != nil {
			t.Fatal(err)
		}
		task := job.TaskGroups[1].Tasks[0]
		goes, engine, limit := 32+mb/2, mb*3/8, int64(*task.Resources.MemoryMB)
		if task.Env["GOMEMLIMIT"] != fmt.Sprintf("%dMiB", goes) || limit < goes+engine+96 {
			t.Errorf("%d MB: GOMEMLIMIT %s, and %d MB for the engine, within %d", mb, task.Env["GOMEMLIMIT"], engine, limit)
		}
	}
}

func TestResources_MaxProcs(t *testing.T) {
	for r, want := range map[Resources]int{{CPU: 100}: 2, {CPU: 2000}: 2, {CPU: 2001}: 3, {Cores: 1}: 1, {Cores: 8}: 8} {
		if got := r.maxProcs(); got != want {
			t.Errorf("%+v: %d, want %d", r, got, want)
		}
	}
}

// Names that Nomad allows are kept.
func TestJob_GroupAndServiceNamesDiffer(t *testing.T) {
	long := strings.Repeat("x", 245)
	for _, stage := range []string{"by-user", "by.user", "by_user", "By-User", long} {
		plan := counting(t, "app", "by-user.", stage)
		job, err := Job(plan, least())
		if err != nil {
			t.Fatal(err)
		}
		var groups, services []string
		for _, g := range job.TaskGroups {
			groups, services = append(groups, *g.Name), append(services, g.Services[0].Name)
			if !ofGroups().allows(*g.Name) || !ofServices().allows(g.Services[0].Name) {
				t.Errorf("stage %q: group %q, service %q", stage, *g.Name, g.Services[0].Name)
			}
		}
		if groups[1] != stage && stage != long || groups[0] == groups[1] || strings.EqualFold(services[0], services[1]) {
			t.Errorf("groups %q, services %q", groups, services)
		}
		if job.TaskGroups[1].Meta[metaStage] != stage || !slices.Contains(job.TaskGroups[1].Services[0].Tags, "stage="+stage) {
			t.Errorf("%q isn't said: %v", stage, job.TaskGroups[1].Meta)
		}
	}
}

func TestJobID_Valid(t *testing.T) {
	for app, want := range map[string]string{"pageviews": "pageviews", "a_B-9": "a_B-9", "my.app": "my-app-bd9e9ec7", "...": "156260d4"} {
		if got := JobID(app); got != want {
			t.Errorf("%s: %s, want %s", app, got, want)
		}
	}
	if JobID("my.app") == JobID("my_app") || JobID("my.app") == JobID("my-app") || len(JobID(strings.Repeat("x", 249))) != 117 {
		t.Error("ids of different apps are the same, or too long")
	}
}

func TestVariable_ListsSecrets(t *testing.T) {
	cfg := least()
	cfg.Secrets = []Secret{{Name: "GRETE_KAFKA_CA", Flag: "kafka-ca"}}
	path, items := Variable("pageviews", cfg)
	if path != "nomad/jobs/pageviews" || !slices.Equal(items, []string{"GRETE_TOKEN", "GRETE_KAFKA_CA"}) {
		t.Errorf("%s needs %v", path, items)
	}
}

func TestJob_IsPure(t *testing.T) {
	a, errA := Job(pageviews(t), least())
	b, errB := Job(pageviews(t), least())
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%v, %v", errA, errB)
	}
}
