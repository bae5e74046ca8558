//go:build real

package kafkatest

import (
	"testing"
	"time"
)

func TestProxy_CarriesAllTrafficOfClients(t *testing.T) {
	c := Start(t, Options{Proxied: true})
	c.CreateTopic(t, "far", 1, nil)
	client := Franz(t, c.Bootstrap())
	proxy := c.Proxy(t, 1)
	write(t, client, "far", "a")
	proxy.Latency(100 * time.Millisecond)
	begun := time.Now()
	write(t, client, "far", "b")
	if took := time.Since(begun); took < 200*time.Millisecond {
		t.Errorf("a round trip with 100 ms each way took %v: not all traffic goes through the proxy", took)
	}
	proxy.Cut()
	sent := writeAsync(t, client, "far", "d")
	write(t, c.Franz(t), "far", "c") // past the proxy
	proxy.Heal()
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	expect(t, client, "far", "a", "b", "c", "d")
}
