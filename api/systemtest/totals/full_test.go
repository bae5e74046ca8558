//go:build rocksdb && linux

package totals

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gretestream/grete/api/systemtest/program"
)

// On a full disk the program ends with an error, until there is room. Then it continues
// with the state that it had.
func testFullDisk(j *job) {
	j.pay(60_000)
	j.failsForRoom(200 << 10)
	j.pay(60_000)
	j.failsForRoom(0)
	if messages := j.processRest(); strings.Contains(messages, "corrupt") {
		j.Errorf("the state was restored in full:\n%s", messages)
	}
}

// failsForRoom runs the program on a disk with too few bytes left. It must end with an
// error that says so.
func (j *job) failsForRoom(room int) {
	j.Helper()
	args := append([]string{"LD_PRELOAD=" + j.fullDiskLibrary(), "GRETE_TEST_ROOM=" + strconv.Itoa(room), j.path}, j.args...)
	_, messages, err := program.Try(j, "env", args...)
	failed := (*exec.ExitError)(nil)
	if !errors.As(err, &failed) || failed.ExitCode() != 1 {
		j.Fatalf("it ended with %v:\n%s", err, messages)
	}
	if !strings.Contains(messages, "No space left on device") || !strings.Contains(messages, filepath.Join(j.data, "state")) {
		j.Errorf("the message doesn't say that there is no room:\n%s", messages)
	}
}

// fullDiskLibrary compiles the library that limits how much a program may write.
func (j *job) fullDiskLibrary() string {
	j.Helper()
	lib := filepath.Join(j.TempDir(), "full.so")
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		j.Fatal(err)
	}
	out, err := exec.Command(strings.TrimSpace(string(cc)), "-shared", "-fPIC", "-o", lib, filepath.Join("testdata", "full.c"), "-ldl").CombinedOutput()
	if err != nil {
		j.Fatalf("%v: %s", err, out)
	}
	return lib
}
