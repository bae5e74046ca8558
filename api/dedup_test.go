package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type order struct {
	Customer, ID string
	At           int64 // ms
}

func (o order) customer() string { return o.Customer }
func (o order) id() string       { return o.ID }
func (o order) time() time.Time  { return time.UnixMilli(o.At) }

// once lets each order of a customer pass once a minute.
func once() *api.App {
	app := api.New("orders")
	app.From("orders", api.EventTime(order.time).Disorder(0)).
		PartitionBy("by-customer", order.customer).
		DedupBy("once", order.id, time.Minute).
		Map(func(o order) string { return fmt.Sprintf("%s %s %d", o.Customer, o.ID, o.At) }).
		To("unique")
	return app
}

func TestDedupBy_FirstPasses(t *testing.T) {
	x := apitest.New(t, once())
	x.Send("orders", order{"ada", "1", 1000}, order{"ada", "1", 1001}, order{"ada", "2", 1002}, order{"bob", "1", 1003}, order{"ada", "1", 60_999})
	x.Expect("unique", "ada 1 1000", "ada 2 1002", "bob 1 1003")
	// The minute of the first is over, by the records' own time.
	x.Send("orders", order{"ada", "1", 61_000}, order{"ada", "1", 61_001})
	x.Expect("unique", "ada 1 61000")
	// The watermark passes it: nothing is known of the id any more.
	x.Advance(2 * time.Minute)
	x.Send("orders", order{"bob", "1", 1004})
	x.Expect("unique", "bob 1 1004")
}

func TestDedupBy_SurvivesARestart(t *testing.T) {
	x := apitest.New(t, once())
	x.Send("orders", order{"ada", "1", 1000})
	x.Expect("unique", "ada 1 1000")
	x.Restart() // restores the ids from the changelog
	x.Send("orders", order{"ada", "1", 1001}, order{"ada", "2", 1001})
	x.Expect("unique", "ada 2 1001")
	x.Crash()
	x.Restart()
	x.Advance(2 * time.Minute) // both are forgotten
	x.Restart()
	x.Send("orders", order{"ada", "2", 1002})
	x.Expect("unique", "ada 2 1002")
}

func TestDedupBy_Mistakes(t *testing.T) {
	app := api.New("orders")
	app.From[order]("orders").PartitionBy("by-customer", order.customer).DedupBy("once", order.id, 0).To("unique")
	if _, err := app.Pipeline().Graph(); err == nil || !strings.Contains(err.Error(), `operator "once": the ttl 0s is shorter than a millisecond`) {
		t.Errorf("got %v", err)
	}
}

func ExampleKeyedStream_DedupBy() {
	app := api.New("orders")
	app.From[order]("orders").
		PartitionBy("by-customer", func(o order) string { return o.Customer }).
		DedupBy("once", func(o order) string { return o.ID }, 24*time.Hour).
		To("unique-orders")
}
