//go:build real

package pageviews

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/nomad/nomadtest"
)

// jobToken is the secret of the job's variable.
const jobToken = "hunter2-the-jobs-token"

// submitPolicy has the permissions that docs/nomad.md lists for submit.
const submitPolicy = `
namespace "default" {
  capabilities = ["submit-job", "read-job", "read-logs"]
  variables {
    path "nomad/jobs/pageviews" { capabilities = ["read"] }
  }
}`

// A nomadRun is the program on a Nomad cluster of three nodes, with a real broker.
type nomadRun struct {
	*testing.T
	kafka   program.Cluster
	nomad   *nomadtest.Cluster
	store   *nomadtest.Store
	program string // linked statically
	token   string
	sent    []PageView // owned by the load until it is stopped
}

const (
	onNomadPartitions = 4
	viewsAtOnce       = 40 // every 100 ms
)

// buildStatic has the program build itself, by submit -build. The flags are for the go command.
func (r *nomadRun) buildStatic(flags string) string {
	r.Helper()
	file := filepath.Join(r.TempDir(), "pageviews")
	cmd := exec.CommandContext(r.Context(), "go", "run", program.Example("pageviews"), "submit", "-build", file)
	cmd.Env = append(os.Environ(), "GOFLAGS="+flags)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
	return file
}

// command runs one of the program's commands, and returns its output.
func (r *nomadRun) command(args ...string) (stdout, stderr string, err error) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, r.program, args...)
	cmd.Env = append(os.Environ(), "NOMAD_ADDR="+r.nomad.Address(), "NOMAD_TOKEN="+r.token)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// submit runs submit, and returns its output.
func (r *nomadRun) submit(args ...string) (stdout, stderr string, err error) {
	r.Helper()
	all := []string{
		"submit", "-yes", "-kafka", r.kafka.Address(), "-containers", "2", "-cpu", "200", "-memory", "32MB", "-disk", "200MB",
		"-min-healthy", "1s", "-lost-after", "5s", "-commit-interval", "100ms", "-artifacts", r.store.URL(),
	}
	if os.Geteuid() != 0 { // without root, agents have no other driver
		all = append(all, "-driver", "raw_exec")
	}
	stdout, stderr, err = r.command(append(all, args...)...)
	r.Logf("submit %s\n%s%s", strings.Join(args, " "), stderr, stdout)
	return stdout, stderr, err
}

func (r *nomadRun) submits(args ...string) (stdout, stderr string) {
	r.Helper()
	stdout, stderr, err := r.submit(args...)
	if err != nil {
		r.Fatalf("submit fails: %v", err)
	}
	return stdout, stderr
}

// refuses runs submit, which must fail with this message and change nothing. It returns what
// submit writes.
func (r *nomadRun) refuses(want string, args ...string) (stderr string) {
	r.Helper()
	_, stderr, err := r.submit(args...)
	if err == nil || !strings.Contains(stderr, want) {
		r.Errorf("submit %s: %v; want %s", strings.Join(args, " "), err, want)
	}
	return stderr
}

// putVariable stores the job's token, as submit has told its user to.
func (r *nomadRun) putVariable() {
	r.Helper()
	variable := map[string]any{"Path": "nomad/jobs/pageviews", "Items": map[string]string{"GRETE_TOKEN": jobToken}}
	if _, err := r.nomad.API().Raw().Write("/v1/var/nomad/jobs/pageviews", variable, nil, nil); err != nil {
		r.Fatal(err)
	}
}

func (r *nomadRun) file(name string, b []byte) string {
	r.Helper()
	file := filepath.Join(r.TempDir(), name)
	if err := os.WriteFile(file, b, 0o755); err != nil {
		r.Fatal(err)
	}
	return file
}

// running counts the running containers, except those on some nodes.
func (r *nomadRun) running(without ...string) (n int) {
	r.Helper()
	all, _, err := r.nomad.API().Jobs().Allocations("pageviews", false, nil)
	if err != nil {
		r.Fatal(err)
	}
	for _, a := range all {
		if a.ClientStatus == "running" && a.DesiredStatus == "run" && !slices.Contains(without, a.NodeID) {
			n++
		}
	}
	return n
}

// keepsSecrets checks that the job's token is nowhere where others may look.
func (r *nomadRun) keepsSecrets() {
	var job map[string]any
	if _, err := r.nomad.API().Raw().Query("/v1/job/pageviews", &job, nil); err != nil || strings.Contains(fmt.Sprint(job), jobToken) {
		r.Errorf("the job has the token, or there is no job: %v", err)
	}
	logs, _, err := r.command("logs")
	if err != nil || strings.Contains(logs, jobToken) || strings.Count(logs, "pageviews: on Kafka at") < r.running() {
		r.Errorf("the logs have the token, or there are no logs: %v\n%s", err, logs)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		r.Fatal(err)
	}
	for _, file := range lines {
		if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte(jobToken)) {
			r.Errorf("a command line has the token: %q", line)
		}
	}
}

// load writes views until it is stopped. It never pauses: an input that is idle for ten
// seconds no longer holds the watermark back.
func (r *nomadRun) load() (stop func()) {
	r.Helper()
	client := r.kafka.Franz(r.T, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var records []*kgo.Record
		for v := range generate(7, 40*time.Millisecond) {
			records = append(records, &kgo.Record{Topic: input, Partition: int32(len(r.sent) % onNomadPartitions), Value: program.Encode(r.T, v)})
			if r.sent = append(r.sent, v); len(r.sent)%viewsAtOnce > 0 {
				continue
			}
			if err := client.ProduceSync(r.Context(), records...).FirstErr(); err != nil {
				r.Error(err)
			}
			records = nil
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// verify compares the results with the views that were written.
func (r *nomadRun) verify() {
	r.Helper()
	end := PageView{UserID: "end", TS: r.sent[len(r.sent)-1].at().Add(24 * time.Hour).UnixMilli()}
	r.kafka.Write(input, onNomadPartitions, program.EncodeAll(r.T, slices.Repeat([]PageView{end}, onNomadPartitions)))
	want := make(map[window][]int64)
	for w, n := range count(r.sent) {
		want[w] = []int64{n}
	}
	r.Logf("%d views", len(r.sent))
	r.kafka.Await("all windows", func() bool { return len(r.kafka.Read(output)) >= len(want) })
	got := results(r.T, r.kafka.ReadAll(output))
	for w, n := range want {
		if !slices.Equal(got[w], n) {
			r.Errorf("%v: got %v, want %v", w, got[w], n)
		}
		delete(got, w)
	}
	if len(got) > 0 {
		r.Errorf("these windows have no views: %v", slices.Collect(maps.Keys(got)))
	}
}
