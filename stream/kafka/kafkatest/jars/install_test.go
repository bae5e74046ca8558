//go:build unix

package jars

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// machine makes the programs in the PATH of this test, from shell scripts by name.
func machine(t *testing.T, programs map[string]string) {
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("GRETE_TEST_KAFKA_DIR", t.TempDir())
}

func noArchive(context.Context, string, string) error { return nil }

func TestInstall_NamesWhatIsMissing(t *testing.T) {
	tests := map[string]struct {
		programs map[string]string
		want     string
	}{
		"Java":        {nil, "install a JDK"},
		"Maven":       {map[string]string{"java": ""}, "apt-get install maven"},
		"the network": {map[string]string{"java": "", "mvn": "echo no route to host; exit 1"}, "no route to host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			machine(t, tt.programs)
			_, err := Install(t.Context(), noArchive)
			var missing *harnesstest.MissingError
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want something about %q", err, tt.want)
			}
			dir, err := installDir()
			if err != nil || exists(dir) {
				t.Errorf("%v, or the directory exists without jars", err)
			}
		})
	}
}

func TestPrepare_RefusesOldJava(t *testing.T) {
	machine(t, map[string]string{"java": "echo java.lang.UnsupportedClassVersionError: kafka/tools/StorageTool >&2; exit 1"})
	var missing *harnesstest.MissingError
	if err := prepare(t.Context(), t.TempDir(), noArchive); !errors.As(err, &missing) || !strings.Contains(err.Error(), "Java 17 or later") {
		t.Error(err)
	}
}

func TestDownload_ReplacesAnInterruptedOne(t *testing.T) {
	machine(t, map[string]string{"mvn": `for a; do case $a in -DoutputDirectory=*) echo "$@" >"${a#*=}/asked.jar";; esac; done`})
	dir, err := installDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+".part", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir+".part", "half.jar"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := download(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if asked, err := os.ReadFile(filepath.Join(dir, "asked.jar")); err != nil || !strings.Contains(string(asked), "-Dkafka.version="+Version) {
		t.Errorf("asked for %q, %v", asked, err)
	}
	if exists(filepath.Join(dir, "half.jar")) || exists(dir+".part") {
		t.Error("the interrupted download is still there")
	}
}

func TestWaitLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	first, err := harnesstest.TryLock(name)
	if first == nil || err != nil {
		t.Fatal(first, err)
	}
	if second, err := harnesstest.TryLock(name); second != nil || err != nil {
		t.Errorf("locked twice: %v, %v", second, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := waitLock(done, name); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	got := make(chan error)
	go func() {
		f, err := waitLock(t.Context(), name)
		if f != nil {
			harnesstest.Unlock(f)
		}
		got <- err
	}()
	harnesstest.Unlock(first)
	if err := <-got; err != nil {
		t.Error(err)
	}
}
