//go:build real && unix

package upgrades

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

const (
	input, output = "payments", "totals"
	partitions    = 4
	accounts      = 40
	rate          = 500 // payments a second
)

// A payment is a record of the input, and a total one of the output.
type payment struct {
	ID      int64  `json:"id"`
	Account string `json:"account"`
	Second  int64  `json:"second"`
}

type total struct {
	Payments int64 `json:"payments"`
	Last     int64 `json:"last"`
}

// A result is a total with its account.
type result struct {
	account  string
	payments int64
}

// step takes the job to a neighbouring version.
func (j *job) step(to int) {
	j.Helper()
	j.Logf("version %d to %d", j.version, to)
	switch max(j.version, to) {
	case 2, 3, 5: // may run side by side
		j.roll(to)
	case 8:
		if to == 7 { // finds the state by its own name, so it could run beside version 8
			j.replace(to, func() { j.run(to, "rename", "sum", "total") })
			return
		}
		j.intrude(to)
		j.replace(to, func() { j.run(to, "rename", "total", "sum") })
	default:
		j.intrude(to)
		j.replace(to, func() {})
	}
}

// A job goes through ten versions, up and back, one at a time or side by side, under the same
// identities and new ones, among kills. Each payment is counted once.
func TestUnderFire_UpgradesCountEachPaymentOnce(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, partitions, nil)
	j := newJob(t, c)
	var paid []payment
	feed := c.Feed(input, partitions, rate, func(yield func([]byte) bool) {
		began := time.Now().Unix()
		for id := int64(0); ; id++ {
			p := payment{id, fmt.Sprintf("account-%d", partitions*accountOf(id)+int(id)%partitions), began + id/rate}
			paid = append(paid, p)
			if !yield(program.Encode(t, p)) {
				return
			}
		}
	})
	for range 2 {
		j.alive = append(j.alive, j.start(1, j.identity("")))
	}
	j.c.Await("the first results", func() bool { return j.c.Ends(output) > 0 })
	for walk := range max(1, program.Kills(t)/9) {
		for _, to := range [][]int{{2, 3, 4, 5, 6, 7, 8, 9}, {8, 7, 6, 5, 4, 3, 2, 1}}[walk%2] {
			j.step(to)
		}
	}
	for _, to := range []int{8, 9} {
		if j.version == 9 {
			j.step(to)
		}
	}
	for j.version < 9 {
		j.step(j.version + 1)
	}
	j.step(10)
	j.intrude(9) // the way back would lose a field

	paid = paid[:feed.Stop()]
	want, number := make(map[int64]result), make(map[string]int64)
	for _, p := range paid {
		number[p.Account]++
		want[p.ID] = result{p.Account, number[p.Account]}
	}
	results := func() map[int64][]result {
		got := make(map[int64][]result)
		for _, r := range c.Read(output) {
			var v total
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatalf("%s: %v", r.Value, err)
			}
			got[v.Last] = append(got[v.Last], result{string(r.Key), v.Payments})
		}
		return got
	}
	c.Within(time.Minute, func() bool { return len(results()) >= len(want) })
	for _, p := range j.alive {
		p.Stop()
		if err := p.Wait(); err != nil {
			t.Errorf("%v\n%s", err, p.Messages())
		}
	}
	t.Logf("%d payments, %v; %+v", len(paid), program.Compare(t, want, results()), j.counts)
}

// accountOf spreads payments over the accounts of a partition.
func accountOf(id int64) int { return int(id*7919/partitions) % (accounts / partitions) }
