//go:build real

package program

import (
	"bufio"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// address finds the address of the HTTP API in a program's messages.
var address = regexp.MustCompile(`(http://\S+)/api/v1/job`)

// Serves reports whether the program's HTTP API is up.
func (p *Process) Serves() bool { return address.MatchString(p.Messages()) }

// Metric reads a metric of a running program, and returns the sum over all label sets that
// contain a text.
func (p *Process) Metric(t testing.TB, name, label string) (sum float64) {
	t.Helper()
	found := false
	for labels, n := range p.metrics(t, name) {
		if strings.Contains(labels, label) {
			sum, found = sum+n, true
		}
	}
	if !found {
		t.Fatalf("there is no metric %s", name)
	}
	return sum
}

// taskLabels finds the task in the labels of a metric.
var taskLabels = regexp.MustCompile(`stage="([^"]*)".*task="([^"]*)"`)

// ByTask reads a metric of a running program, and returns the sum for each task, by
// stage/task.
func (p *Process) ByTask(t testing.TB, name string) map[string]float64 {
	t.Helper()
	sums := make(map[string]float64)
	for labels, n := range p.metrics(t, name) {
		of := taskLabels.FindStringSubmatch(labels)
		sums[of[1]+"/"+of[2]] += n
	}
	return sums
}

// metrics reads the values of a metric, by their labels. A program that has ended
// meanwhile has none.
func (p *Process) metrics(t testing.TB, name string) map[string]float64 {
	t.Helper()
	said := address.FindStringSubmatch(p.Messages())
	if said == nil {
		t.Fatalf("its messages don't have the address of the HTTP API:\n%s", p.Messages())
	}
	r, err := http.Get(said[1] + "/metrics")
	if err != nil {
		return nil
	}
	defer func() { _ = r.Body.Close() }()
	values := make(map[string]float64)
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		labels, found := strings.CutPrefix(lines.Text(), name+"{")
		if !found {
			continue
		}
		end := strings.LastIndexByte(labels, ' ')
		n, err := strconv.ParseFloat(labels[end+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", labels, err)
		}
		values[labels[:end]] = n
	}
	return values
}

// Next returns a function that waits for the next committed record of a topic after its
// current end.
func (c Cluster) Next(topic string) func() error {
	c.t.Helper()
	ends, err := c.Admin().ListEndOffsets(c.t.Context(), topic)
	if err != nil {
		c.t.Fatal(err)
	}
	from := make(map[int32]kgo.Offset)
	ends.Each(func(o kadm.ListedOffset) { from[o.Partition] = kgo.NewOffset().At(o.Offset) })
	client := c.Franz(c.t, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond))
	return func() error {
		defer client.Close()
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			fetches := client.PollFetches(c.t.Context())
			if err := fetches.Err(); err != nil {
				return err
			}
			if fetches.NumRecords() > 0 {
				return nil
			}
		}
		return fmt.Errorf("there was no new record of %s for %v", topic, patience)
	}
}
