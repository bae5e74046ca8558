package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gretestream/grete/container/httpapi"
	"github.com/gretestream/grete/container/httpapi/httpapitest"
)

// wired starts two processes. An observer is on the path to the second one.
func wired(t *testing.T, j *job) (asked *process, w *httpapitest.Wire) {
	w = httpapitest.NewWire(t)
	i := 0
	all := newCluster(t, j, 2, func(c *httpapi.Config) {
		if i++; i == 2 {
			c.Advertise = w.Address
		}
	})
	for _, p := range all {
		if p.address == w.Address {
			w.To(strings.TrimPrefix(p.server.URL(), "http://"))
		} else {
			asked = p
		}
	}
	return asked, w
}

// elsewhereTask is a task that another process has.
func (p *process) elsewhereTask() int32 {
	for task, address := range p.table.owners {
		if task >= 0 && address != p.address {
			return task
		}
	}
	p.t.Fatal("it has all tasks")
	return 0
}

func TestSigned_TokenNeverOnTheWire(t *testing.T) {
	p, w := wired(t, filled(t))
	for _, path := range append(everything(), "/api/v1/job", "/api/v1/stores/counts/"+keyOf(p.elsewhereTask())) {
		p.get(path)
	}
	seen := w.Seen()
	if n := bytes.Count(seen, []byte("\r\nGrete-Signature: ")); n < 10 {
		t.Errorf("%d responses were signed:\n%s", n, seen)
	}
	if bytes.Contains(seen, []byte(secret)) || bytes.Contains(seen, []byte("Bearer "+secret)) {
		t.Errorf("the token was sent:\n%s", seen)
	}
}

// A member claims the address of another process, or passes on what it is sent.
func TestSigned_StolenAddress(t *testing.T) {
	j := filled(t)
	all := newCluster(t, j, 2)
	w := httpapitest.NewWire(t)
	w.To(all[1].address)
	all[0].table.set(1, w.Address)
	for _, path := range []string{"counts/" + keyOf(1), "counts"} {
		all[0].refused("/api/v1/stores/"+path, http.StatusBadGateway, w.Address, "doesn't accept requests for this address")
	}
}

// An observer on the path changes what a process sends.
func TestSigned_ChangedResponse(t *testing.T) {
	for name, change := range map[string][2]string{
		"value":  {`"value"`, `"valUe"`},
		"status": {"HTTP/1.1 200 OK", "HTTP/1.1 203 OK"},
		"header": {"Grete-Task: ", "Grete-Task: 0"},
		"end":    {"\r\n0\r\n", "\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			j := filled(t)
			p, w := wired(t, j)
			key := keyOf(p.elsewhereTask())
			j.put(0, key, int64Of(1))
			var changed atomic.Int32
			w.Response = func(b []byte) []byte {
				changed.Add(int32(bytes.Count(b, []byte(change[0]))))
				return bytes.ReplaceAll(b, []byte(change[0]), []byte(change[1]))
			}
			p.refused("/api/v1/stores/counts/"+key, http.StatusServiceUnavailable, "isn't signed with the token")
			if changed.Load() == 0 {
				t.Error("nothing was changed")
			}
		})
	}
}
