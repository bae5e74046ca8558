// Package jars installs Kafka's jars for tests, and runs their classes. The jars come from
// Maven Central once per user of a machine. The slow steps of a broker's start are done once
// for all brokers, and their results kept beside the jars.
package jars

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Version is that of the brokers.
const Version = "4.1.1"

// installTimeout covers a download of 45 MB, for which other processes may wait.
const installTimeout = 10 * time.Minute

// pom names the jars. It has no version of Kafka: that is a parameter.
//
//go:embed pom.xml
var pom []byte

// An Archiver runs a broker of the jars that archives its classes in a file when it stops.
// JVMs that can't do so leave no file.
type Archiver func(ctx context.Context, jars, file string) error

// Install returns the directory of the Kafka jars, and creates it if it is missing. Several
// test binaries may do so at the same time.
func Install(ctx context.Context, archive Archiver) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", &harnesstest.MissingError{Err: errors.New("a real broker needs Java 17 or later: install a JDK (Debian: apt-get install openjdk-17-jdk-headless)")}
	}
	dir, err := installDir()
	if err != nil {
		return "", err
	}
	if exists(preparedMark(dir)) {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", fmt.Errorf("make the directory for Kafka's jars: %w", err)
	}
	return dir, locked(ctx, dir, func(ctx context.Context) error {
		if !exists(dir) {
			if err := download(ctx, dir); err != nil {
				return err
			}
		}
		if exists(preparedMark(dir)) {
			return nil
		}
		return prepare(ctx, dir, archive)
	})
}

// locked calls do while no other test binary changes the directory of the jars.
func locked(ctx context.Context, dir string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	lock, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return fmt.Errorf("wait for another test that fetches Kafka's jars: %w", err)
	}
	defer harnesstest.Unlock(lock)
	return do(ctx)
}

func installDir() (string, error) {
	if dir := os.Getenv("GRETE_TEST_KAFKA_DIR"); dir != "" {
		return filepath.Join(dir, "kafka-"+Version), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find where to keep Kafka's jars: %w; set GRETE_TEST_KAFKA_DIR to a directory", err)
	}
	return filepath.Join(cache, "grete", "kafka-"+Version), nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// download fetches the jars by Maven, which checks them. The directory appears complete or
// not at all. The caller has the lock.
func download(ctx context.Context, dir string) error {
	if _, err := exec.LookPath("mvn"); err != nil {
		return &harnesstest.MissingError{Err: errors.New("a real broker needs Maven, once, to fetch Kafka's jars: install it (Debian: apt-get install maven)")}
	}
	begun := dir + ".part"
	if err := os.RemoveAll(begun); err != nil {
		return fmt.Errorf("remove an interrupted download: %w", err)
	}
	if err := os.Mkdir(begun, 0o777); err != nil {
		return fmt.Errorf("make the directory for Kafka's jars: %w", err)
	}
	list := filepath.Join(begun, "pom.xml")
	if err := os.WriteFile(list, pom, 0o666); err != nil {
		return fmt.Errorf("write Maven's list of jars: %w", err)
	}
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", list, "-Dkafka.version="+Version,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory="+begun)
	if out, err := cmd.CombinedOutput(); err != nil {
		return &harnesstest.MissingError{Err: fmt.Errorf("fetch Kafka's jars by mvn: %w; is Maven Central, or the mirror in ~/.m2/settings.xml, reachable? Maven says:\n%s", err, harnesstest.Tail(string(out), 10))}
	}
	if err := os.Rename(begun, dir); err != nil {
		return fmt.Errorf("put Kafka's jars in place: %w", err)
	}
	return nil
}
