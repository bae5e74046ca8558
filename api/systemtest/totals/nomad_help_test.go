//go:build real && rocksdb && linux

package totals

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/nomadtest"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

const (
	nomadToken = "s3cret"
	// nomadRate is the number of payments a second.
	nomadRate = 1000
	// lostAfter is how long Nomad waits for a node before it is lost.
	lostAfter = 15 * time.Second
)

// nomadJob is the program as a job on a Nomad cluster of three nodes, under load.
type nomadJob struct {
	*testing.T
	c     program.Cluster
	nodes *nomadtest.Cluster
	nomad *nomad.Client
	path  string
	job   *api.Job

	hungry atomic.Bool // the next payment makes a container exceed its memory
	paid   []Payment   // owned by the feed until it has ended
	feed   *program.Feed
}

// startOnNomad starts the clusters and the load. The job, with two containers for each
// stage, is registered later.
func startOnNomad(t *testing.T) *nomadJob {
	a := &nomadJob{T: t, c: program.StartKafka(t, kafkatest.Options{}), nodes: nomadtest.Start(t, nomadtest.Options{})}
	var err error
	a.c.CreateTopic(t, input, sharedPartitions, nil)
	a.c.CreateTopic(t, output, sharedPartitions, nil)
	if a.nomad, err = nomad.Open(nomad.Options{Address: a.nodes.Address()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.nomad.Close)
	a.path = program.BuildPackage(t, "./testdata/hungry")
	text, _ := program.Run(t, a.path, "plan", "-json", "-kafka", a.c.Address(), "-containers", "2")
	plan, err := scheduler.ParsePlan([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if a.job, err = nomad.Job(plan, a.config()); err != nil {
		t.Fatal(err)
	}
	items := &api.Variable{Path: "nomad/jobs/totals", Items: map[string]string{"GRETE_TOKEN": nomadToken}}
	if _, _, err := a.nodes.API().Variables().Create(items, nil); err != nil {
		t.Fatal(err)
	}
	a.feed = a.c.Feed(input, sharedPartitions, nomadRate, a.payments)
	return a
}

func (a *nomadJob) config() nomad.Config {
	a.Helper()
	data, err := os.ReadFile(a.path)
	if err != nil {
		a.Fatal(err)
	}
	store, sum := nomadtest.StartStore(a, "", ""), fmt.Sprintf("%x", sha256.Sum256(data))
	store.Put("/"+sum, data)
	return nomad.Config{
		Driver: "raw_exec", Resources: nomad.Resources{CPU: 200}, Memory: 32 << 20, Disk: 100 << 20,
		Binary: nomad.Binary{URL: store.URL() + "/" + sum, SHA256: sum},
		Args:   []string{"--kafka=" + a.c.Address(), "--commit-interval=100ms", "--session-timeout=" + sessionTimeout.String()},
		Timing: nomad.Timing{Kill: 20 * time.Second, LostAfter: lostAfter, MinHealthy: time.Second, Healthy: time.Minute, Progress: 2 * time.Minute},
	}
}

// payments yields what the feed writes.
func (a *nomadJob) payments(yield func([]byte) bool) {
	for p := range payments(sharedPartitions, sharedAccounts) {
		if a.hungry.CompareAndSwap(true, false) {
			p.Account = "hungry"
		}
		a.paid = append(a.paid, p)
		if !yield(program.Encode(a, p)) {
			return
		}
	}
}

func (a *nomadJob) register() {
	a.Helper()
	if _, _, err := a.nodes.API().Jobs().Register(a.job, nil); err != nil {
		a.Fatal(err)
	}
}

// timed runs a step and logs how long it takes.
func (a *nomadJob) timed(what string, do func()) {
	a.Helper()
	began := time.Now()
	do()
	a.Logf("%-60s %6.2f s", what, time.Since(began).Seconds())
}

// awaitResults waits for new results of all tasks, more than were in flight.
func (a *nomadJob) awaitResults() {
	a.Helper()
	before := a.ends(output)
	a.c.Await("new results of all tasks", func() bool {
		for p, end := range a.ends(output) {
			if end <= before[p]+nomadRate/sharedPartitions {
				return false
			}
		}
		return true
	})
}

// ends returns, by partition, the offset after the last committed record. It retries: a
// broker on a busy machine may be without leaders for a while.
func (a *nomadJob) ends(topic string) (ends map[int32]int64) {
	a.Helper()
	a.c.Await("the ends of "+topic, func() bool {
		listed, err := a.c.Admin().ListCommittedOffsets(a.Context(), topic)
		if err = errors.Join(err, listed.Error()); err != nil {
			return false
		}
		ends = make(map[int32]int64)
		listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
		return true
	})
	return ends
}

// command runs one of the program's commands, and returns its output.
func (a *nomadJob) command(args ...string) (stdout, stderr string) {
	a.Helper()
	return program.Run(a, a.path, append(args, "-nomad", a.nodes.Address())...)
}

// metrics reads the values of a container's metric, by their labels.
func (a *nomadJob) metrics(address, name string) map[string]float64 {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		a.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+nomadToken)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil // it has ended
	}
	defer func() { _ = res.Body.Close() }()
	values := make(map[string]float64)
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		labels, found := strings.CutPrefix(lines.Text(), name+"{")
		if !found {
			continue
		}
		end := strings.LastIndexByte(labels, ' ')
		if values[labels[:end]], err = strconv.ParseFloat(labels[end+1:], 64); err != nil {
			a.Fatalf("%s: %v", labels, err)
		}
	}
	return values
}

// processes returns the process ids of the containers, by allocation. Processes of other
// tests use other brokers.
func (a *nomadJob) processes() map[string]int {
	a.Helper()
	found := make(map[string]int)
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		a.Fatal(err)
	}
	for _, dir := range dirs {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // it may have ended
		if args := strings.Split(string(line), "\x00"); !slices.Contains(args, "run") || !slices.Contains(args, "--kafka="+a.c.Address()) {
			continue
		}
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		for v := range bytes.SplitSeq(env, []byte{0}) {
			if id, ok := strings.CutPrefix(string(v), "NOMAD_ALLOC_ID="); ok {
				found[id], _ = strconv.Atoi(filepath.Base(dir))
			}
		}
	}
	return found
}
