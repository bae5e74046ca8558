package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type price struct {
	Item  string
	Cents int64
	At    int64 // ms
}

func (p price) item() string    { return p.Item }
func (p price) time() time.Time { return time.UnixMilli(p.At) }

// offers combines prices with the number of items in stock, at most once a second.
func offers(name string) *api.App {
	app := api.New(name)
	prices := app.From("prices", api.EventTime(price.time)).PartitionBy("by-item", price.item)
	stock := app.FromKeyed[string, int64]("stock")
	prices.CombineLatest("offers", stock, time.Second, func(p *price, n *int64) string {
		switch {
		case p == nil:
			return fmt.Sprintf("%d without a price", *n)
		case n == nil:
			return fmt.Sprintf("%s: %d", p.Item, p.Cents)
		}
		return fmt.Sprintf("%s: %d, %d left", p.Item, p.Cents, *n)
	}).To("offers")
	return app
}

func TestCombineLatest_OncePerInterval(t *testing.T) {
	x := apitest.New(t, offers("shop"))
	x.Send("prices", price{"tea", 300, 1})
	x.Send("prices", price{"tea", 310, 2})
	x.SendKeyed("stock", "cup", int64(7))
	x.Expect[string]("offers")
	x.Wait(time.Second)
	x.Expect("offers", "7 without a price", "tea: 310")

	x.SendKeyed("stock", "tea", int64(2))
	x.SendKeyed("stock", "tea", int64(1))
	x.Wait(time.Second)
	x.Expect("offers", "tea: 310, 1 left")
	x.Wait(time.Minute)
	x.Expect[string]("offers") // nothing has changed
}

// Records that are pending at a crash must be sent afterwards, once.
func TestCombineLatest_SurvivesCrashes(t *testing.T) {
	x := apitest.New(t, offers("shop"))
	x.Send("prices", price{"tea", 300, 1})
	x.Expect[string]("offers") // is committed as pending
	x.Restart()
	x.Wait(time.Second)
	x.Expect("offers", "tea: 300")
	x.Restart()
	x.Wait(time.Minute)
	x.Expect[string]("offers")
}

func TestCombineLatest_AtTheEnd(t *testing.T) {
	x := apitest.New(t, offers("shop"))
	x.Send("prices", price{"tea", 300, 1})
	x.End()
	x.Expect("offers", "tea: 300")
}

// A result that is pending holds the watermark back, so that a window behind the
// operator takes it.
func TestCombineLatest_HoldsTheWatermark(t *testing.T) {
	app := api.New("shop")
	prices := app.From("prices", api.EventTime(price.time).Disorder(0)).PartitionBy("by-item", price.item)
	prices.CombineLatest("both", prices, time.Hour, func(p, _ *price) int64 { return p.Cents }).
		Window("per-second", api.Tumbling(time.Second)).
		Sum(func(cents int64) int64 { return cents }).
		MapValues(func(p api.Pane[string, int64]) int64 { return p.Value }).
		To("sums")
	x := apitest.New(t, app)
	x.Send("prices", price{"tea", 300, 1})
	x.Send("prices", price{"cup", 5, 9000})
	x.Advance(time.Minute)
	x.Expect[int64]("sums")
	x.Wait(time.Hour)
	x.Advance(time.Minute)
	x.Expect("sums", int64(300), int64(5))
}

func ExampleKeyedStream_CombineLatest() {
	app := api.New("shop")
	prices := app.FromKeyed[string, int64]("prices")
	stock := app.FromKeyed[string, int64]("stock")
	prices.CombineLatest("offers", stock, time.Second, func(cents, left *int64) string {
		if cents == nil || left == nil || *left == 0 {
			return "not for sale"
		}
		return fmt.Sprintf("%d cents, %d left", *cents, *left)
	}).To("offers")
}
