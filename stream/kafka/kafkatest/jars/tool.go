package jars

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// tool is the source of a program around Kafka's own client.
//
//go:embed Tool.java
var tool []byte

// Tool returns the directory of the tool's classes. They are kept beside the jars, for each
// version of the source.
func Tool(ctx context.Context, jars string) (string, error) {
	dir := filepath.Join(jars, fmt.Sprintf("tool-%x", sha256.Sum256(tool)))
	if exists(dir) {
		return dir, nil
	}
	if _, err := exec.LookPath("javac"); err != nil {
		return "", &harnesstest.MissingError{Err: errors.New("the Java client needs a JDK with javac (Debian: apt-get install openjdk-17-jdk-headless)")}
	}
	return dir, locked(ctx, jars, func(ctx context.Context) error {
		if exists(dir) {
			return nil
		}
		return compile(ctx, jars, dir)
	})
}

// compile compiles the tool into a directory, which appears complete or not at all. The
// caller has the lock of the jars.
func compile(ctx context.Context, jars, dir string) error {
	part := filepath.Join(jars, "tool.part")
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("remove what an interrupted test has left: %w", err)
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
		return fmt.Errorf("compile the Java tool: %w; javac says:\n%s", err, harnesstest.Tail(string(out), 20))
	}
	if err := os.Rename(part, dir); err != nil {
		return fmt.Errorf("put the Java tool in place: %w", err)
	}
	return nil
}
