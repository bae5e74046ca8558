//go:build real

package nomadtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
	"go.uber.org/goleak"

	"github.com/gretestream/grete/stream/harnesstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// waitFor polls until a condition holds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	err := harnesstest.Poll(t.Context(), 2*time.Minute, func(context.Context) error {
		if !holds() {
			return errors.New("the condition doesn't hold")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// timed logs how long something takes.
func timed(t testing.TB, what string, do func()) {
	t.Helper()
	began := time.Now()
	do()
	t.Logf("%-40s %6.2f s", what, time.Since(began).Seconds())
}

// storeTask builds the program of testdata, and puts it into a store.
func storeTask(t *testing.T) (store *Store, path string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "task")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", name, "./testdata/task")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the task: %v\n%s", err, out)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	store, path = StartStore(t, "", ""), fmt.Sprintf("/%x", sha256.Sum256(data))
	store.Put(path, data)
	return store, path
}

func ptr[T any](v T) *T { return &v }

// job returns a job that runs a program of a store, or one that the nodes have.
func job(id, driver string, count int, url, command string, args ...string) *api.Job {
	task := &api.Task{
		Name: "task", Driver: driver, Config: map[string]any{"command": command, "args": args},
		Resources: &api.Resources{CPU: ptr(100), MemoryMB: ptr(64)},
	}
	if url != "" {
		task.Artifacts = []*api.TaskArtifact{{GetterSource: ptr(url), GetterMode: ptr("file"), RelativeDest: ptr("local/bin/task")}}
	}
	return &api.Job{ID: &id, Type: ptr("service"), Datacenters: []string{"*"}, TaskGroups: []*api.TaskGroup{{
		Name: ptr("group"), Count: &count, Tasks: []*api.Task{task},
		RestartPolicy: &api.RestartPolicy{Attempts: ptr(0), Mode: ptr("fail")},
		// A drain waits until a moved task is healthy.
		Update:   &api.UpdateStrategy{HealthCheck: ptr("task_states"), MinHealthyTime: ptr(time.Second), HealthyDeadline: ptr(time.Minute), ProgressDeadline: ptr(2 * time.Minute)},
		Migrate:  &api.MigrateStrategy{MaxParallel: ptr(1), HealthCheck: ptr("task_states"), MinHealthyTime: ptr(time.Second), HealthyDeadline: ptr(time.Minute)},
		Networks: []*api.NetworkResource{{Mode: "host", DynamicPorts: []api.Port{{Label: "http"}}}},
		// Each task on a different node.
		Constraints: []*api.Constraint{{Operand: "distinct_hosts", RTarget: "true"}},
	}}}
}

// run registers a job and waits until all of its tasks run.
func run(t *testing.T, c *Cluster, j *api.Job) {
	t.Helper()
	if _, _, err := c.API().Jobs().Register(j, nil); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the tasks of "+*j.ID, func() bool { return len(running(t, c, *j.ID)) == *j.TaskGroups[0].Count })
}

// running returns the running allocations of a job that should run, by node.
func running(t *testing.T, c *Cluster, id string) map[int]*api.AllocationListStub {
	t.Helper()
	list, _, err := c.API().Jobs().Allocations(id, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]*api.AllocationListStub{}
	for _, a := range list {
		if a.ClientStatus == api.AllocClientStatusRunning && a.DesiredStatus == api.AllocDesiredStatusRun {
			found[c.Node(t, a.NodeID)] = a
		}
	}
	return found
}

// An identity is a task's address and its answer, which is different for each process.
type identity struct{ address, says string }

// identities returns the identities of all tasks of a job, by node.
func identities(t *testing.T, c *Cluster, id string) map[int]identity {
	t.Helper()
	found := map[int]identity{}
	for node, stub := range running(t, c, id) {
		alloc, _, err := c.API().Allocations().Info(stub.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		l := identity{address: harnesstest.Address(alloc.AllocatedResources.Shared.Ports[0].Value)}
		waitFor(t, "a task to answer", func() bool { l.says = ask(l.address); return l.says != "" })
		found[node] = l
	}
	return found
}

// ask returns a task's answer; "" if it has ended.
func ask(address string) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + address)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

func (l identity) unchanged() bool { return ask(l.address) == l.says }
