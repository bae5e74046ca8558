package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

type pageView struct {
	User       string `json:"userId"`
	Page       string `json:"page"`
	Country    string `json:"country"`
	TS         int64  `json:"ts"`
	DurationMs int64  `json:"durationMs"`
	Session    string `json:"session"`
}

type order struct {
	ID       int64 `json:"id"`
	Customer struct {
		Name    string  `json:"name"`
		Email   string  `json:"email"`
		Address address `json:"address"`
	} `json:"customer"`
	Lines []line  `json:"lines"`
	Note  *string `json:"note"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
	Zip    string `json:"zip"`
}

type line struct {
	SKU   string  `json:"sku"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

type lists struct {
	Tags []string  `json:"tags"`
	IDs  []int64   `json:"ids"`
	Grid [][]int32 `json:"grid"`
}

type dicts struct {
	Labels map[string]string  `json:"labels"`
	Counts map[string]int     `json:"counts"`
	Points map[string]float64 `json:"points"`
}

type ownDicts struct {
	Lines map[string]line  `json:"lines"`
	ByID  map[int64]string `json:"byId"`
}

type reading struct {
	Sensor string  `json:"sensor"`
	A      float64 `json:"a"`
	B      float64 `json:"b"`
	C      float32 `json:"c"`
	D      float64 `json:"d"`
}

type comment struct {
	Author string `json:"author"`
	Text   string `json:"text"`
	Title  string `json:"title"`
}

type narrow struct {
	User string `json:"user"`
	TS   int64  `json:"ts"`
}

type timed struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
}

type flags struct {
	A, B, C, D bool
	E, F       uint16
	G          *int64   `json:"g,omitempty"`
	H          string   `json:"h,omitempty"`
	I          []string `json:"i,omitempty"`
}

// shapes are the page view, and those that have to be no slower than with segmentio.
func shapes() []shape {
	return slices.Concat(
		both[pageView]("page view", views()...),
		both[pageView]("page view, spaced", `{"userId": "user-1234", "page": "/products/77.html", "country": "DE", "ts": 1764518400123, "durationMs": 5120, "session": "b5f3c2d1"}`),
		both[pageView]("page view, other order", `{"session":"b5f3c2d1","durationMs":5120,"ts":1764518400123,"country":"DE","page":"/products/77.html","userId":"user-1234"}`),
		both[order]("nested", `{"id":17,"customer":{"name":"Ada Lovelace","email":"ada@example.org","address":{"street":"12 St James's Square","city":"London","zip":"SW1Y"}},"lines":[{"sku":"A-1","count":2,"price":9.99},{"sku":"B-22","count":1,"price":120},{"sku":"C-333","count":7,"price":0.5}],"note":"leave it at the door"}`),
		both[lists]("slices", `{"tags":["red","green","blue","ultraviolet"],"ids":[1,22,333,4444,55555,666666,7777777],"grid":[[1,2,3],[4,5,6],[7,8,9]]}`),
		both[dicts]("maps", `{"labels":{"app":"shop","env":"prod","zone":"eu-west-1"},"counts":{"a":1,"b":22,"c":333},"points":{"x":1.5,"y":-2.25}}`),
		both[ownDicts]("maps of structs", `{"lines":{"first":{"sku":"A-1","count":2,"price":9.99},"second":{"sku":"B-22","count":1,"price":120}},"byId":{"17":"ada","18":"grace"}}`),
		both[comment]("escapes", `{"author":"Ada \"the\" Lovelace","text":"line one\nline two\ttabbed\n\"quoted\" and a \\ backslash\nmore text that goes on for a while","title":"a \/ b"}`),
		both[comment]("not ASCII", `{"author":"Grete Müller","text":"Übermäßig schöne Grüße aus Köln, 日本語のテキスト 🙂","title":"größer"}`),
		both[reading]("floats", `{"sensor":"t-17","a":21.53,"b":-0.001,"c":3.75,"d":1234567.891}`),
		both[reading]("floats of 17 digits", `{"sensor":"t-17","a":0.12345678901234568,"b":-17.123456789012345,"c":3.1415927,"d":1.2345678901234567e-10}`),
		both[narrow]("unknown fields", `{"user":"user-1234","page":"/products/77.html","agent":"Mozilla/5.0 (X11; Linux x86_64)","nested":{"a":1,"b":[true,false,null]},"ts":1764518400123,"ip":"192.0.2.17","score":0.75}`),
		both[timed]("times", `{"name":"ada","created":"2026-11-30T15:04:05Z","seen":"2026-11-30T15:04:05.123456Z"}`),
		both[flags]("flags and omitted fields", `{"A":true,"B":false,"C":true,"D":false,"E":17,"F":65535,"g":5}`, `{"A":true,"B":false,"C":true,"D":false,"E":17,"F":65535,"h":"x","i":["a","b"]}`),
		both[any]("any", `{"user":"user-1234","ts":1764518400123,"tags":["a","b"],"nested":{"x":1.5,"ok":true}}`),
		both[[]pageView]("100 page views", "["+strings.Join(append(views(), views()[:36]...), ",")+"]"),
		both[comment]("long text", `{"author":"Ada","text":"`+strings.Repeat("All work and no play makes Jack a dull boy. ", 200)+`","title":"x"}`),
	)
}

// views returns 64 documents of page views.
func views() []string {
	docs := make([]string, 64)
	for i := range docs {
		docs[i] = fmt.Sprintf(`{"userId":"user-%d","page":"/products/%d.html","country":"DE","ts":%d,"durationMs":%d,"session":"%08x"}`,
			i*131%1000, i*17%77, 1764518400123+i*1009, i*331%20000, uint32(i)*2654435761)
	}
	return docs
}
