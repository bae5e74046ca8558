package json

import (
	"strconv"
	"testing"
)

// views returns documents of page views.
func views() [][]byte {
	docs := make([][]byte, 64)
	for i := range docs {
		docs[i] = []byte(`{"user":"user-` + strconv.Itoa(i*131%1000) + `","page":"/products/` + strconv.Itoa(i*17%77) + `.html","userAgent":"Mozilla/5.0",` +
			`"ts":` + strconv.Itoa(1764518400123+i*1009) + `,"durationMs":` + strconv.Itoa(i*331%20000) + `,"bounced":false}`)
	}
	return docs
}

func BenchmarkParse(b *testing.B) {
	c, docs := New[pageView](), views()
	b.ReportAllocs()
	var v pageView
	for i := range b.N {
		v = pageView{}
		if err := c.Parse(docs[i%len(docs)], &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	c, docs := New[pageView](), views()
	values := make([]pageView, len(docs))
	for i, doc := range docs {
		if err := c.Parse(doc, &values[i]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var buf []byte
	for i := range b.N {
		var err error
		if buf, err = c.Append(buf[:0], &values[i%len(values)]); err != nil {
			b.Fatal(err)
		}
	}
}
