package api_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/apitest"
)

type meterReading struct {
	Meter string   `json:"meter"`
	Wh    int64    `json:"wh"`
	Limit *uint64  `json:"limit"`
	Steps [3]uint8 `json:"steps"`
}

// A number that doesn't fit its type is an error of its record. It must neither wrap
// around nor stop a job that skips such records.
func TestJSON_NumberOutOfRangeIsSkipped(t *testing.T) {
	app := api.New("meters")
	app.From("readings", api.OnError[meterReading](api.Skip())).
		PartitionBy("by-meter", func(r meterReading) string { return r.Meter }).
		Fold("sums", func(sum int64, r meterReading) int64 { return sum + r.Wh }).To("sums")
	x := apitest.New(t, app)
	for _, doc := range []string{
		`{"meter":"m1","wh":1}`,
		`{"meter":"m1","wh":25000000000000000000}`, // 20 digits, 6553255926290448384 modulo 2^64
		`{"meter":"m1","wh":-9223372036854775809}`,
		`{"meter":"m1","wh":1e30}`,
		`{"meter":"m1","wh":1,"limit":36800000000000000000}`,
		`{"meter":"m1","wh":1,"steps":[1,256]}`,
		`{"meter":"m1","wh":2,"limit":18446744073709551615,"steps":[1,255],"extra":25000000000000000000}`,
	} {
		x.Send("readings", []byte(doc))
	}
	x.Expect("sums", int64(1), int64(3))
}

type openEvent struct {
	User  string `json:"user"`
	Extra any    `json:"extra"`
}

// Deep documents are decoded in linear time, or refused: a job that skips them goes on.
func TestJSON_DeepDocumentIsSkipped(t *testing.T) {
	app := api.New("deep")
	app.From("events", api.OnError[openEvent](api.Skip())).
		PartitionBy("by-user", func(e openEvent) string { return e.User }).Count("per-user").To("counts")
	x := apitest.New(t, app)
	deep := func(field string, levels int) []byte {
		return []byte(`{"user":"ada","` + field + `":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`)
	}
	start := time.Now()
	x.Send("events", deep("extra", 1), deep("extra", 9_000), deep("extra", 100_000), deep("unknown", 9_000), deep("unknown", 100_000),
		bytes.Repeat([]byte("["), 2<<20), bytes.Repeat([]byte(`{"extra":`), 200<<10), deep("unknown", 2))
	x.Expect("counts", int64(1), int64(2), int64(3), int64(4))
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

// A value is the same whether it stays in the cache, is committed, or is restored: also
// with strings that came from records.
func TestJSON_StringsOfRecordsInState(t *testing.T) {
	type visits struct {
		Last  string            `json:"last"`
		Pages []string          `json:"pages"`
		By    map[string]string `json:"by"`
	}
	app := api.New("visits")
	app.From[view]("views").PartitionBy("by-user", userOf).
		Fold("visits", func(v visits, r view) visits {
			v.Last, v.Pages = r.Page, append(v.Pages, r.Page)
			if v.By == nil {
				v.By = make(map[string]string)
			}
			v.By[r.Page] = r.User
			return v
		}).To("visits")
	x := apitest.New(t, app)
	x.Send("views", view{User: "ann", Page: "a"}, view{User: "ann", Page: "b"})
	x.Output[visits]("visits")
	x.Restart()
	x.Send("views", view{User: "ann", Page: "c"})
	x.Expect("visits", visits{"c", []string{"a", "b", "c"}, map[string]string{"a": "ann", "b": "ann", "c": "ann"}})
}
