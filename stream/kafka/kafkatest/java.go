package kafkatest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
	"github.com/gretestream/grete/stream/kafka/kafkatest/jars"
)

// javaTimeout is for a busy machine.
const javaTimeout = 3 * time.Minute

// A JavaRecord is a record as Kafka's own client writes and reads it. Nil is null: no key,
// or a tombstone.
type JavaRecord struct {
	Partition int32        `json:"partition"` // -1: where Java's partitioner puts its key
	Offset    int64        `json:"offset"`    // of what was read
	Time      int64        `json:"time"`      // ms since 1970
	Key       []byte       `json:"key"`
	Value     []byte       `json:"value"`
	Headers   []JavaHeader `json:"headers"`
}

// A JavaHeader is a header of a record.
type JavaHeader struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// A JavaStep sends a record or does something else.
type JavaStep struct {
	JavaRecord
	// Do is empty to send the record, else one of the constants.
	Do JavaVerb `json:"do,omitempty"`
}

// A JavaVerb is what a producer does besides sending.
type JavaVerb string

// The steps of a producer. The first three need a transactional.id among its settings; a
// flush ends the batches that are being filled.
const (
	JavaBegin  JavaVerb = "begin"
	JavaCommit JavaVerb = "commit"
	JavaAbort  JavaVerb = "abort"
	JavaFlush  JavaVerb = "flush"
)

// JavaProduce writes to a topic by Kafka's own client. The client's settings
// ("compression.type", "acks", "transactional.id", …) may be nil. When it returns,
// everything is written, and an open transaction is aborted.
func (c *Cluster) JavaProduce(t testing.TB, topic string, settings map[string]string, steps ...JavaStep) {
	t.Helper()
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for i := range steps {
		if err := enc.Encode(&steps[i]); err != nil {
			t.Fatalf("encode step %d for Java: %v", i, err)
		}
	}
	c.runJava(t, &lines, "produce", topic, settings)
}

// JavaConsume reads a topic by Kafka's own client, from its start to its end, in the order
// of partitions and offsets. The settings may be nil; with "isolation.level" at
// "read_committed" it reads committed records only.
func (c *Cluster) JavaConsume(t testing.TB, topic string, settings map[string]string) []JavaRecord {
	t.Helper()
	out := c.runJava(t, nil, "consume", topic, settings)
	var list []JavaRecord
	for dec := json.NewDecoder(out); dec.More(); {
		var r JavaRecord
		if err := dec.Decode(&r); err != nil {
			t.Fatalf("decode Java's records of topic %s: %v", topic, err)
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b JavaRecord) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return list
}

// runJava runs the tool to its end and returns its output.
func (c *Cluster) runJava(t testing.TB, in *bytes.Buffer, mode, topic string, settings map[string]string) *bytes.Buffer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), javaTimeout)
	defer cancel()
	cmd := c.javaTool(ctx, t, jars.QuickJVM, mode, topic, nil, settings)
	if in != nil {
		cmd.Stdin = in
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("Java's %s of topic %s: %v; it says:\n%s", mode, topic, err, harnesstest.Tail(errs.String(), 20))
	}
	return &out
}

// javaTool returns the command that runs the Java program of package jars.
func (c *Cluster) javaTool(ctx context.Context, t testing.TB, jvm func(dir string) []string, mode, topic string, args []string, settings map[string]string) *exec.Cmd {
	t.Helper()
	dir, err := install(ctx)
	var classes string
	if err == nil {
		classes, err = jars.Tool(ctx, dir)
	}
	if err != nil {
		harnesstest.SkipOrFail(t, err)
	}
	temp := t.TempDir()
	all := append(jvm(dir), "-Djava.io.tmpdir="+temp, "-cp", filepath.Join(dir, "*")+string(filepath.ListSeparator)+classes, "Tool", mode, topic)
	all = append(all, args...)
	all = append(all, "bootstrap.servers="+strings.Join(c.inner, ","))
	for key, value := range settings {
		all = append(all, key+"="+value)
	}
	cmd := exec.CommandContext(ctx, "java", all...)
	cmd.Dir = temp // where a JVM that crashes leaves its report
	return cmd
}
