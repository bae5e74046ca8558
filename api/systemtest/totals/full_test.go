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

// fullDisk ends the program, again and again, until there is room. Then it goes on
// as if nothing had been.
func fullDisk(j *job) {
	j.pay(60_000)
	j.runsFull(200 << 10)
	j.pay(60_000)
	j.runsFull(0)
	if said := j.goesOn(); strings.Contains(said, "corrupt") {
		j.Errorf("the state was restored in full:\n%s", said)
	}
}

// runsFull starts the program on a disk with so many bytes left. It says that they
// were not enough, and ends.
func (j *job) runsFull(room int) {
	j.Helper()
	args := append([]string{"LD_PRELOAD=" + j.smallDisk(), "GRETE_TEST_ROOM=" + strconv.Itoa(room), j.path}, j.args...)
	_, said, err := program.Try(j, "env", args...)
	failed := (*exec.ExitError)(nil)
	if !errors.As(err, &failed) || failed.ExitCode() != 1 {
		j.Fatalf("it ended with %v:\n%s", err, said)
	}
	if !strings.Contains(said, "No space left on device") || !strings.Contains(said, filepath.Join(j.data, "state")) {
		j.Errorf("it doesn't say that there is no room:\n%s", said)
	}
}

// smallDisk compiles what makes a disk full.
func (j *job) smallDisk() string {
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
