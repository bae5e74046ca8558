package httpapi_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
)

// What it costs that a key, two thirds of a range, or of the job, are in other processes.
func BenchmarkForward(b *testing.B) {
	j := newJob(b)
	for i := range 3000 {
		j.put(4, int64Of(byte(i))+string(rune('a'+i)), "\x00\x00\x00\x01")
	}
	j.put(0, keyOf(0), int64Of(1))
	j.put(0, keyOf(1), int64Of(1))
	all := newCluster(b, j, 3, func(c *httpapi.Config) { c.Tokens = nil })
	defer http.DefaultClient.CloseIdleConnections()
	for name, path := range map[string]string{
		"here": "stores/counts/" + keyOf(0), "forwarded": "stores/counts/" + keyOf(1), "range of 1000": "stores/ids?limit=1000", "job": "job",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				res, err := http.Get("http://" + all[0].address + "/api/v1/" + path)
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res, err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					b.Fatal(err)
				}
				if err := res.Body.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
