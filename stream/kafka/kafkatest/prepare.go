package kafkatest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// What takes long at the start of a broker is done once for all of them, and kept
// beside the jars: what Kafka's own tool puts into a new data directory, and an
// archive of the classes as the JVM has them in memory. Together they save more
// than half of the time.

func preparedMark(jars string) string   { return filepath.Join(jars, "prepared") }
func formatTemplate(jars string) string { return filepath.Join(jars, "bootstrap.checkpoint") }
func classArchive(jars string) string   { return filepath.Join(jars, "classes.jsa") }

// prepare makes them. Its caller has the lock of the jars.
func prepare(ctx context.Context, jars string) error {
	if err := makeTemplate(ctx, jars, formatTemplate(jars)); err != nil {
		return err
	}
	if err := makeArchive(ctx, jars); err != nil {
		return err
	}
	if err := os.WriteFile(preparedMark(jars), nil, 0o666); err != nil {
		return fmt.Errorf("mark Kafka's jars as prepared: %w", err)
	}
	return nil
}

// makeTemplate keeps the one file of a data directory that isn't about a broker:
// the features that a new cluster has, and the users, if arguments say so.
func makeTemplate(ctx context.Context, jars, template string, args ...string) error {
	dir, err := os.MkdirTemp("", "kafkatest")
	if err != nil {
		return fmt.Errorf("make a directory for the template of data directories: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left lies among the temporary files
	settings, data := filepath.Join(dir, "server.properties"), filepath.Join(dir, "data")
	p := formatProperties(map[string]string{
		"process.roles":             "broker,controller",
		"node.id":                   "1",
		"controller.quorum.voters":  "1@" + harnesstest.Address(firstPort),
		"listeners":                 controllerListener + "://" + harnesstest.Address(firstPort) + ",PLAINTEXT://" + harnesstest.Address(firstPort+1),
		"controller.listener.names": controllerListener,
		"log.dirs":                  data,
	})
	if err := os.WriteFile(settings, p, 0o666); err != nil {
		return fmt.Errorf("write the settings of a data directory: %w", err)
	}
	args = append([]string{"format", "-t", newID(), "-c", settings}, args...)
	cmd := exec.CommandContext(ctx, "java", java(jars, "kafka.tools.StorageTool", args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("UnsupportedClassVersionError")) {
			return &harnesstest.MissingError{Err: fmt.Errorf("a real broker needs Java 17 or later, and the one that is found first is older: %s", tail(string(out), 1))}
		}
		return fmt.Errorf("format a data directory: %w; Kafka's tool says:\n%s", err, tail(string(out), 20))
	}
	if err := copyFile(template, filepath.Join(data, "bootstrap.checkpoint")); err != nil {
		return fmt.Errorf("keep the template of data directories: %w", err)
	}
	return nil
}

// makeArchive runs a broker that archives its classes when it stops. A JVM that
// can't is as good, only slower.
func makeArchive(ctx context.Context, jars string) error {
	part := classArchive(jars) + ".part"
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("remove what a test that was cut off has left: %w", err)
	}
	c := &Cluster{opts: Options{Brokers: 1}, archive: part}
	defer c.close()
	if err := c.launch(ctx, jars); err != nil {
		return err
	}
	c.brokers[0].process.stop()
	if !exists(part) {
		return nil
	}
	if err := os.Rename(part, classArchive(jars)); err != nil {
		return fmt.Errorf("put the archive of Kafka's classes in place: %w", err)
	}
	return nil
}

// java returns the arguments that run a class of the jars.
func java(jars, class string, args ...string) []string {
	return append(quickJVM(jars), append([]string{"-cp", filepath.Join(jars, "*"), class}, args...)...)
}

// quickJVM are a JVM's flags for a quick start and little memory, not for the
// speed that a program reaches after minutes.
func quickJVM(jars string) []string {
	list := append([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}, logging()...)
	if archive := classArchive(jars); exists(archive) {
		// Another JVM does without it, and needn't complain, least of all among
		// the tool's output.
		list = append(list, "-XX:SharedArchiveFile="+archive, "-Xlog:disable")
	}
	return list
}

// fullJVM are the flags for what is to be as fast as it can.
func fullJVM(string) []string { return append([]string{"-Xmx1g"}, logging()...) }

func logging() []string {
	return []string{"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"}
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o666)
}
