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

// address is where a program that runs says that it is asked.
var address = regexp.MustCompile(`(http://\S+)/api/v1/job`)

// Asked tells whether the program can be asked for metrics.
func (p *Process) Asked() bool { return address.MatchString(p.Messages()) }

// Metric asks a program that runs for one of its metrics, and returns the sum over all
// labels that have this part; with "" over all.
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

// taskLabels are those of a metric that tasks have.
var taskLabels = regexp.MustCompile(`stage="([^"]*)".*task="([^"]*)"`)

// ByTask asks a program that runs for a metric of tasks, and returns the sum for each,
// by stage/task.
func (p *Process) ByTask(t testing.TB, name string) map[string]float64 {
	t.Helper()
	sums := make(map[string]float64)
	for labels, n := range p.metrics(t, name) {
		of := taskLabels.FindStringSubmatch(labels)
		sums[of[1]+"/"+of[2]] += n
	}
	return sums
}

// metrics asks a program that runs for the values of a metric, by their labels. Of one
// that has ended meanwhile there are none.
func (p *Process) metrics(t testing.TB, name string) map[string]float64 {
	t.Helper()
	said := address.FindStringSubmatch(p.Messages())
	if said == nil {
		t.Fatalf("it hasn't said where it is asked:\n%s", p.Messages())
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

// Next makes a function that waits for the next record of a topic, behind those that
// it has now, committed or not.
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
