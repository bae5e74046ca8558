package jars

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Template returns the name of the file that a broker's new data directory starts with, if
// the cluster has no users.
func Template(jars string) string { return filepath.Join(jars, "bootstrap.checkpoint") }

func preparedMark(jars string) string { return filepath.Join(jars, "prepared") }
func classArchive(jars string) string { return filepath.Join(jars, "classes.jsa") }

// prepare makes the template and the archive of classes, which save more than half of a
// broker's start. The caller has the lock of the jars.
func prepare(ctx context.Context, jars string, archive Archiver) error {
	if err := MakeTemplate(ctx, jars, Template(jars)); err != nil {
		return err
	}
	if err := makeArchive(ctx, jars, archive); err != nil {
		return err
	}
	if err := os.WriteFile(preparedMark(jars), nil, 0o666); err != nil {
		return fmt.Errorf("mark Kafka's jars as prepared: %w", err)
	}
	return nil
}

// MakeTemplate formats a data directory with more arguments of Kafka's tool, and keeps the
// one file of it that isn't about a broker: the features of a new cluster, and its users if
// the arguments name some.
func MakeTemplate(ctx context.Context, jars, template string, args ...string) error {
	dir, err := os.MkdirTemp("", "kafkatest")
	if err != nil {
		return fmt.Errorf("make a directory for the template of data directories: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // any rest is among the temporary files
	settings, data := filepath.Join(dir, "server.properties"), filepath.Join(dir, "data")
	const controller = "CONTROLLER"
	unused := harnesstest.Address(0) // nothing listens
	p := Properties(map[string]string{
		"process.roles":             "broker,controller",
		"node.id":                   "1",
		"controller.quorum.voters":  "1@" + unused,
		"listeners":                 controller + "://" + unused + ",PLAINTEXT://" + unused,
		"controller.listener.names": controller,
		"log.dirs":                  data,
	})
	if err := os.WriteFile(settings, p, 0o666); err != nil {
		return fmt.Errorf("write the settings of a data directory: %w", err)
	}
	args = append([]string{"format", "-t", NewID(), "-c", settings}, args...)
	cmd := exec.CommandContext(ctx, "java", append([]string{"-Djava.io.tmpdir=" + dir}, Java(jars, "kafka.tools.StorageTool", args...)...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("UnsupportedClassVersionError")) {
			return &harnesstest.MissingError{Err: fmt.Errorf("a real broker needs Java 17 or later, and the first java in PATH is older: %s", harnesstest.Tail(string(out), 1))}
		}
		return fmt.Errorf("format a data directory: %w; Kafka's tool says:\n%s", err, harnesstest.Tail(string(out), 20))
	}
	made, err := os.ReadFile(filepath.Join(data, "bootstrap.checkpoint"))
	if err == nil {
		err = os.WriteFile(template, made, 0o666)
	}
	if err != nil {
		return fmt.Errorf("keep the template of data directories: %w", err)
	}
	return nil
}

// makeArchive puts the archive of classes in place, if the JVM can make one. Without it,
// brokers start more slowly.
func makeArchive(ctx context.Context, jars string, archive Archiver) error {
	part := classArchive(jars) + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("remove what an interrupted test has left: %w", err)
	}
	if err := archive(ctx, jars, part); err != nil {
		return err
	}
	if !exists(part) {
		return nil
	}
	if err := os.Rename(part, classArchive(jars)); err != nil {
		return fmt.Errorf("put the archive of Kafka's classes in place: %w", err)
	}
	return nil
}
