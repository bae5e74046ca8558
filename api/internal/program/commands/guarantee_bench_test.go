//go:build real

package commands_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// BenchmarkGuarantees is what exactly-once costs: the same jobs over the same page
// views, with transactions and at least once, in turn, from start to end. A commit
// comes every 500 ms, as by default.
//
//	go test -tags real,rocksdb -run '^$' -bench Guarantees ./api
func BenchmarkGuarantees(b *testing.B) {
	const records, partitions, warmUps, rounds = 1_000_000, 8, 1, 7
	c := kafkatest.Start(b, kafkatest.Options{})
	c.CreateTopic(b, "page-views", partitions, nil)
	fillPageViews(b, c, "page-views", records)
	for name, pipeline := range map[string]func(*api.App){"stateless": projected, "windowed": viewsPerUser} {
		b.Run(name, func(b *testing.B) {
			run := func(flags ...string) func() kafkatest.Cost {
				return func() kafkatest.Cost { return kafkatest.Measure(records, runPageViews(b, c, pipeline, flags...)) }
			}
			kafkatest.Compete(b, warmUps, rounds,
				kafkatest.Contender{Name: "exactly-once", Round: run()},
				kafkatest.Contender{Name: "at-least-once", Round: run("-at-least-once")},
			)
		})
	}
}

// A pageView is about 120 bytes of JSON.
type pageView struct {
	User       string `json:"userId"`
	Page       string `json:"page"`
	Country    string `json:"country"`
	At         int64  `json:"ts"` // ms since 1970
	DurationMs int    `json:"durationMs"`
}

func (v pageView) time() time.Time { return time.UnixMilli(v.At) }

// projected drops a country, and keeps less of the other views.
func projected(app *api.App) {
	type short struct {
		Page string `json:"page"`
		At   int64  `json:"ts"`
	}
	app.From("page-views", api.EventTime(pageView.time)).
		Filter(func(v pageView) bool { return v.Country != "de" }).
		Map(func(v pageView) short { return short{v.Page, v.At} }).
		To(app.Pipeline().App + ".views")
}

// viewsPerUser counts the views of each user in each minute.
func viewsPerUser(app *api.App) {
	app.From("page-views", api.EventTime(pageView.time)).
		PartitionBy("by-user", func(v pageView) string { return v.User }).
		Window("per-minute", api.Tumbling(time.Minute)).
		Count().
		To(app.Pipeline().App + ".counts")
}

// runPageViews is a job of its own at each call.
func runPageViews(b *testing.B, c *kafkatest.Cluster, pipeline func(*api.App), flags ...string) func() {
	app := api.New(strings.ToLower(kafkatest.Name(b)))
	pipeline(app)
	args := append([]string{
		"run", "-once", "-containers", "1", "-partitions", "8", "-data", b.TempDir(), "-kafka", strings.Join(c.Bootstrap(), ","),
	}, flags...)
	return func() {
		if r := runMain(b.Context(), app, args...); r.Code != 0 {
			b.Fatal(r.Err)
		}
	}
}

// fillPageViews writes views of 100,000 users by another client, 2,000 in a second of
// event time.
func fillPageViews(b *testing.B, c *kafkatest.Cluster, topic string, records int) {
	client := c.Franz(b, kgo.DefaultProduceTopic(topic), kgo.MaxBufferedRecords(records))
	random := rand.New(rand.NewPCG(1, 2))
	users, pages := rand.NewZipf(random, 1.1, 10, 99_999), rand.NewZipf(random, 1.1, 10, 9_999)
	countries := []string{"de", "fr", "it", "jp", "us", "br", "in", "no", "pl", "za"}
	for n := range records {
		page := fmt.Sprintf("/wiki/page-%d", pages.Uint64())
		value, err := json.Marshal(pageView{
			User: fmt.Sprintf("user-%d", users.Uint64()), Page: page, Country: countries[random.IntN(len(countries))],
			At: 1_400_000_000_000 + int64(n)/2, DurationMs: random.IntN(100_000),
		})
		if err != nil {
			b.Fatal(err)
		}
		client.Produce(b.Context(), &kgo.Record{Key: []byte(page), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
}
