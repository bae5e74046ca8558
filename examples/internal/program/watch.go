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

// Metric asks a program that runs for one of its metrics, and returns the sum over all
// labels that have this part; with "" over all.
func (p *Process) Metric(t testing.TB, name, label string) (sum float64) {
	t.Helper()
	said := regexp.MustCompile(`(http://\S+)/api/v1/job`).FindStringSubmatch(p.Messages())
	if said == nil {
		t.Fatalf("it hasn't said where it is asked:\n%s", p.Messages())
	}
	r, err := http.Get(said[1] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	found := false
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, name+"{") || !strings.Contains(line, label) {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		sum, found = sum+n, true
	}
	if !found {
		t.Fatalf("there is no metric %s", name)
	}
	return sum
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
