//go:build rocksdb && linux

package totals

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/systemtest/program"
)

// A job is the program with its state on a bad disk. It reads payments from a file and
// uses the embedded log, unless its arguments name Kafka brokers.
type job struct {
	*testing.T
	path, file, data string
	args             []string
	paid             []Payment
	next             func() (Payment, bool)
}

// diskAccounts is how many accounts have more state than fits into memory.
const diskAccounts = 20_000

func newJob(t *testing.T, path string, args ...string) *job {
	dir := t.TempDir()
	j := &job{T: t, path: path, file: filepath.Join(dir, "payments.json"), data: filepath.Join(dir, "data")}
	next, stop := iter.Pull(payments(partitions, diskAccounts))
	t.Cleanup(stop)
	j.next = next
	j.args = append(args, "-data", j.data, "-memory", "16MB", "-partitions", "4", "-commit-interval", "50ms",
		"-feed", input+"="+j.file, "-key", input+"=account")
	return j
}

// pay appends n payments to the file.
func (j *job) pay(n int) {
	j.Helper()
	var b bytes.Buffer
	for range n {
		p, _ := j.next()
		j.paid = append(j.paid, p)
		if err := json.NewEncoder(&b).Encode(p); err != nil {
			j.Fatal(err)
		}
	}
	f, err := os.OpenFile(j.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		j.Fatal(err)
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		j.Fatal(err)
	}
	if err := f.Close(); err != nil {
		j.Fatal(err)
	}
}

// processRest appends a few payments and runs the program until it has processed all. Each
// of the new balances must include all earlier payments, once.
func (j *job) processRest() (messages string) {
	j.Helper()
	after := len(j.paid)
	j.pay(5000)
	out, messages := program.Run(j, j.path, append(slices.Clone(j.args), "-once", "-print", output)...)
	var all []Balance
	for line := range strings.Lines(out) {
		var b Balance
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			j.Fatalf("%s: %v", line, err)
		}
		if b.Last >= int64(after) {
			all = append(all, b)
		}
	}
	want := balancesAfter(j.paid)
	maps.DeleteFunc(want, func(id int64, _ Balance) bool { return id < int64(after) })
	program.Compare(j, want, byPayment(all))
	return messages
}

// files returns the files of the databases that match a pattern.
func (j *job) files(pattern string) []string {
	j.Helper()
	names, err := filepath.Glob(filepath.Join(j.data, "state", "by-account", "*", pattern))
	if err != nil || len(names) < partitions {
		j.Fatalf("the files are %q: %v", names, err)
	}
	return names
}

// damages are the ways in which a bad disk changes a file.
var damages = []struct {
	name, pattern string
	do            func(name string, content []byte) error
}{
	{"tables with wrong bits", "*.sst", func(name string, content []byte) error {
		for i := 0; i < len(content)/2; i += 1000 { // only of values, which is detected late
			content[i] ^= 4
		}
		return os.WriteFile(name, content, 0o600)
	}},
	{"half a table", "*.sst", func(name string, content []byte) error { return os.Truncate(name, int64(len(content)/2)) }},
	{"half a list of files", "MANIFEST-*", func(name string, content []byte) error { return os.Truncate(name, int64(len(content)/2)) }},
	{"an empty file", "CURRENT", func(name string, _ []byte) error { return os.Truncate(name, 0) }},
	{"no file", "CURRENT", func(name string, _ []byte) error { return os.Remove(name) }},
}

// Damaged state is removed and restored from the changelog, with a warning for each
// database.
func testDamagedState(j *job) {
	j.pay(30_000)
	for _, damage := range damages {
		if said := j.processRest(); strings.Contains(said, "corrupt") {
			j.Errorf("nothing was damaged:\n%s", said)
		}
		for _, name := range j.files(damage.pattern) {
			content, err := os.ReadFile(name)
			if err == nil {
				err = damage.do(name, content)
			}
			if err != nil {
				j.Fatal(err)
			}
		}
		said := j.processRest()
		for _, name := range j.files("CURRENT") {
			if dir := filepath.Dir(name); !strings.Contains(said, "local state is corrupt: it is removed and restored from the changelog") || !strings.Contains(said, dir) {
				j.Errorf("%s: %s isn't named:\n%s", damage.name, dir, said)
			}
		}
	}
}

func TestBadDisk_WritesEachBalanceOnce(t *testing.T) {
	t.Parallel()
	path := program.Build(t, "totals")
	t.Run("damaged", func(t *testing.T) { testDamagedState(newJob(t, path)) })
	t.Run("full", func(t *testing.T) { testFullDisk(newJob(t, path)) })
}
