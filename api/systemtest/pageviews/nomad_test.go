//go:build real

package pageviews

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/nomad/nomadtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The program is submitted to a cluster under load, in several versions. Each window is
// counted once.
func TestOnNomad_CountsEachWindowOnce(t *testing.T) {
	r := &nomadRun{T: t, nomad: nomadtest.Start(t, nomadtest.Options{ACL: true}), kafka: program.StartKafka(t, kafkatest.Options{})}
	r.kafka.CreateTopic(t, input, onNomadPartitions, nil)
	r.store, r.token = nomadtest.StartStore(t, "", ""), r.nomad.CreateToken(t, submitPolicy)
	r.program = r.buildStatic("")
	stop := r.load()
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"refusals", r.checkRefusals}, {"first version", r.submitFirst}, {"rolling update", r.updateRolling}, {"broken version", r.revertBroken},
		{"lost node", r.loseNode}, {"update with a restart", r.updateRestarting}, {"secrets", r.keepsSecrets},
	} {
		began := time.Now()
		step.do()
		t.Logf("%-30s %6.1f s", step.name, time.Since(began).Seconds())
	}
	stop()
	r.verify()
}

func (r *nomadRun) checkRefusals() {
	r.refuses("nomad var put nomad/jobs/pageviews GRETE_TOKEN=…")
	r.putVariable()
	if _, stderr := r.submits("-dry-run"); !strings.Contains(stderr, "job pageviews is new\n  stage page-views: 2 to start") || len(r.store.Requests()) > 0 {
		r.Errorf("it doesn't say what it would do, or it does something: %q", r.store.Requests())
	}
	r.refuses("nobody answers at http://127.0.0.1:1: set -nomad or NOMAD_ADDR", "-nomad", "http://127.0.0.1:1")
	r.refuses("memory exhausted on 3 nodes", "-memory", "8GB")
	r.refuses("${meta.rack} = r1 isn't met by 3 nodes", "-constraint", "meta.rack = r1")
	r.refuses("was built for linux/", "-platform", "linux/riscv64", "-binary", r.program)
	r.refuses("the store refuses the program", "-artifacts", nomadtest.StartStore(r.T, "X-Key", "secret").URL())
	able := r.token
	r.token = r.nomad.CreateToken(r.T, strings.Replace(submitPolicy, `"submit-job", `, "", 1))
	r.refuses(`capability "submit-job" of the namespace "default"`)
	r.token = able
	if _, _, err := r.nomad.API().Jobs().Info("pageviews", nil); err == nil {
		r.Error("a job was registered")
	}
	r.checkForeignJob()
}

// checkForeignJob gives the job's name to another job for a while.
func (r *nomadRun) checkForeignJob() {
	r.Helper()
	foreign := map[string]any{"Job": map[string]any{"ID": "pageviews", "Type": "service", "Datacenters": []string{"*"}, "TaskGroups": []any{map[string]any{
		"Name": "g", "Tasks": []any{map[string]any{"Name": "t", "Driver": "raw_exec", "Config": map[string]any{"command": "/bin/sleep", "args": []string{"1000"}}}},
	}}}}
	if _, err := r.nomad.API().Raw().Write("/v1/jobs", foreign, nil, nil); err != nil {
		r.Fatal(err)
	}
	r.refuses("a job pageviews that submit hasn't made")
	if _, _, err := r.nomad.API().Jobs().Deregister("pageviews", true, nil); err != nil {
		r.Fatal(err)
	}
}

// submitFirst submits the first version without an artifact store: nodes fetch the program
// from submit itself.
func (r *nomadRun) submitFirst() {
	stdout, stderr := r.submits("-artifacts=")
	if !strings.Contains(stderr, "nodes have fetched the program from this process") {
		r.Error("it doesn't say that nodes fetched the program from here")
	}
	for _, stage := range []string{"page-views\thttp://127.0.0.1:", "by-user\thttp://127.0.0.1:"} {
		if strings.Count(stdout, stage) != 2 {
			r.Errorf("the addresses of a stage's two containers are missing: %s", stdout)
		}
	}
	if n := r.running(); n != 4 {
		r.Errorf("%d containers run", n)
	}
	if _, stderr := r.submits("-artifacts="); !strings.Contains(stderr, "stays as it is") {
		r.Error("the same version again changes the job")
	}
	r.refuses("${meta.rack} = r1 isn't met by 3 nodes", "-artifacts=", "-constraint", "meta.rack = r1")
}

// updateRolling submits another file with the same program.
func (r *nomadRun) updateRolling() {
	if _, stderr := r.submits("-binary", r.changed(), "-dry-run"); !strings.Contains(stderr, "2 to restart, one at a time") || strings.Contains(stderr, "uploading the program to") {
		r.Error("it doesn't say what it would do, or it does something")
	}
	_, stderr := r.submits("-binary", r.changed())
	for _, want := range []string{"2 to restart, one at a time", "uploading the program to " + r.store.URL()} {
		if !strings.Contains(stderr, want) {
			r.Errorf("submit doesn't say %s", want)
		}
	}
}

// changed returns another file with the same program.
func (r *nomadRun) changed() string {
	r.Helper()
	b, err := os.ReadFile(r.program)
	if err != nil {
		r.Fatal(err)
	}
	return r.file("changed", append(b, 0))
}

// revertBroken submits a program that fails at its start: Nomad reverts to the version before.
func (r *nomadRun) revertBroken() {
	source := r.file("main.go", []byte("package main\n\nfunc main() { panic(\"it is broken\") }\n"))
	broken := filepath.Join(filepath.Dir(source), "broken")
	cmd := exec.CommandContext(r.Context(), "go", "build", "-tags", "rocksdb", "-o", broken, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
	if said := r.refuses("which runs", "-binary", broken, "-healthy-within", "10s", "-progress-within", "31s"); !strings.Contains(said, "doesn't run: Terminated: Exit Code: 2") {
		r.Error("it doesn't say at once what fails")
	}
	if n := r.running(); n != 4 {
		r.Errorf("%d containers run", n)
	}
	b, err := os.ReadFile(r.changed())
	if err != nil {
		r.Fatal(err)
	}
	if at := r.artifact(); at != fmt.Sprintf("%s/%x", r.store.URL(), sha256.Sum256(b)) {
		r.Errorf("the job runs %s", at)
	}
}

// loseNode kills a node: Nomad starts its containers on another one, long after submit has
// ended.
func (r *nomadRun) loseNode() {
	all, _, err := r.nomad.API().Jobs().Allocations("pageviews", false, nil)
	if err != nil {
		r.Fatal(err)
	}
	var lost string
	for _, a := range all {
		if a.ClientStatus == "running" {
			lost = a.NodeID
		}
	}
	r.nomad.KillNode(r.T, r.nomad.Node(r.T, lost))
	r.kafka.Await("its containers to run on other nodes", func() bool {
		return r.running(lost) == 4
	})
}

// updateRestarting submits a version with one more stage, which can't run beside the version
// before.
func (r *nomadRun) updateRestarting() {
	r.kafka.CreateTopic(r.T, "more-views", 2, nil)
	alone := r.buildMore()
	r.refuses("-binary "+alone+" is another version than this program", "-binary", alone)
	r.program = alone
	_, stderr := r.submits()
	for _, want := range []string{"stage more-views: new", "stopping the running version", "stage more-views: 2 of 2 healthy"} {
		if !strings.Contains(stderr, want) {
			r.Errorf("submit doesn't say %s", want)
		}
	}
	if n := r.running(); n != 6 {
		r.Errorf("%d containers run", n)
	}
}
