package kafkatest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
	"github.com/gretestream/grete/stream/kafka/kafkatest/jars"
)

// A JavaBench is Kafka's own client in one JVM that warms up over several rounds. The test
// may measure something else in between.
type JavaBench struct {
	rounds io.Writer
	costs  *bufio.Scanner
	errs   *bytes.Buffer
	wait   func() error
}

// JavaBenchConsume reads so many records of a topic from its start.
func (c *Cluster) JavaBenchConsume(t testing.TB, topic string, records int, settings map[string]string) *JavaBench {
	t.Helper()
	return c.startBench(t, "bench-consume", topic, settings, records)
}

// JavaBenchProduce writes so many records of a size to the partitions of a topic in turn,
// until the brokers have confirmed all of them.
func (c *Cluster) JavaBenchProduce(t testing.TB, topic string, records, size int, settings map[string]string) *JavaBench {
	t.Helper()
	return c.startBench(t, "bench-produce", topic, settings, records, size)
}

func (c *Cluster) startBench(t testing.TB, mode, topic string, settings map[string]string, numbers ...int) *JavaBench {
	t.Helper()
	var args []string
	for _, n := range numbers {
		args = append(args, strconv.Itoa(n))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := c.javaTool(ctx, t, jars.FullJVM, mode, topic, args, settings)
	b := &JavaBench{errs: &bytes.Buffer{}}
	cmd.Stderr = b.errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("make the input of the Java tool: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatalf("make the output of the Java tool: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the Java tool: %v", err)
	}
	b.rounds, b.costs, b.wait = in, bufio.NewScanner(out), cmd.Wait
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
	})
	return b
}

// Round runs a round. The first ones are slower.
func (b *JavaBench) Round(t testing.TB) Cost {
	t.Helper()
	_, err := io.WriteString(b.rounds, "\n")
	var cost Cost
	if err == nil && b.costs.Scan() {
		err = json.Unmarshal(b.costs.Bytes(), &cost)
	} else {
		_ = b.wait() // it has ended, and its errors are complete
		t.Fatalf("the Java tool failed:\n%s", harnesstest.Tail(b.errs.String(), 20))
	}
	if err != nil {
		t.Fatalf("decode the output of the Java tool: %v", err)
	}
	return cost
}
