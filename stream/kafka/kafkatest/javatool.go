package kafkatest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// tool is a program around Kafka's own client.
//
//go:embed Tool.java
var tool []byte

// javaTool is the command that runs the tool.
func (c *Cluster) javaTool(ctx context.Context, t testing.TB, jvm func(jars string) []string, mode, topic string, args []string, settings map[string]string) *exec.Cmd {
	t.Helper()
	jars, err := install(ctx)
	var classes string
	if err == nil {
		classes, err = compileTool(ctx, jars)
	}
	if err != nil {
		harnesstest.SkipOrFail(t, err)
	}
	all := append(jvm(jars), "-cp", filepath.Join(jars, "*")+string(filepath.ListSeparator)+classes, "Tool", mode, topic)
	all = append(all, args...)
	all = append(all, "bootstrap.servers="+strings.Join(c.inner, ","))
	for key, value := range settings {
		all = append(all, key+"="+value)
	}
	cmd := exec.CommandContext(ctx, "java", all...)
	cmd.Dir = t.TempDir() // where a JVM that crashes leaves its report
	return cmd
}

// compileTool returns the directory of the tool's classes. They are kept beside
// the jars, for each version of the source.
func compileTool(ctx context.Context, jars string) (string, error) {
	dir := filepath.Join(jars, fmt.Sprintf("tool-%x", sha256.Sum256(tool)))
	if exists(dir) {
		return dir, nil
	}
	if _, err := exec.LookPath("javac"); err != nil {
		return "", &harnesstest.MissingError{Err: errors.New("the Java client needs a JDK, as there is no javac in what is installed (Debian: apt-get install openjdk-17-jdk-headless)")}
	}
	return dir, locked(ctx, jars, func(ctx context.Context) error {
		if exists(dir) {
			return nil
		}
		return compile(ctx, jars, dir)
	})
}

// compile makes that directory, complete. Its caller has the lock of the jars.
func compile(ctx context.Context, jars, dir string) error {
	part := filepath.Join(jars, "tool.part")
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("remove what a test that was cut off has left: %w", err)
	}
	if err := os.Mkdir(part, 0o777); err != nil {
		return fmt.Errorf("make the directory of the Java tool: %w", err)
	}
	source := filepath.Join(part, "Tool.java")
	if err := os.WriteFile(source, tool, 0o666); err != nil {
		return fmt.Errorf("write the source of the Java tool: %w", err)
	}
	cmd := exec.CommandContext(ctx, "javac", "-cp", filepath.Join(jars, "*"), "-d", part, source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the Java tool: %w; javac says:\n%s", err, tail(string(out), 20))
	}
	if err := os.Rename(part, dir); err != nil {
		return fmt.Errorf("put the Java tool in place: %w", err)
	}
	return nil
}
