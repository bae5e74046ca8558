//go:build cluster

package nomadtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// TestCluster is make cluster: the clusters that tests use, to try things out. It ends with
// Ctrl-C, or with make.
func TestCluster(t *testing.T) {
	ctx, cancel := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	fmt.Println("# a Nomad server with three clients, and a Kafka broker: some seconds")
	broker := kafkatest.Start(t, kafkatest.Options{})
	c := Start(t, Options{})
	fmt.Printf("export NOMAD_ADDR=%s\n", c.Address())
	fmt.Printf("export GRETE_KAFKA=%s\n", strings.Join(broker.Bootstrap(), ","))
	fmt.Println("#", userInterface(t, c))
	fmt.Println("# on the command line: build/nomad status; logs of the agents: " + c.dir + "/*.log")
	fmt.Println("# Ctrl-C stops all of it")
	waitForEnd(ctx)
}

// userInterface returns the address of Nomad's user interface, if the program has one.
func userInterface(t *testing.T, c *Cluster) string {
	body, err := c.API().Raw().Response("/ui/", query(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	page, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "not available") {
		return "Nomad's user interface isn't in what is built from its Go module; with " + programVariable + "=FILE, a released program, it would be " + c.Address() + "/ui"
	}
	return "Nomad's user interface: " + c.Address() + "/ui"
}

// waitForEnd waits for the end of a context, or of the process that started this one.
func waitForEnd(ctx context.Context) {
	parent := os.Getppid()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
