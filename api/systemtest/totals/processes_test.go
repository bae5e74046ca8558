//go:build real && unix

package totals

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
	"github.com/gretestream/grete/stream/local"
)

// endTimeout is how long child processes may take to end after their parent was killed.
const endTimeout = 20 * time.Second

// A parent is the program with -processes 2.
type parent struct {
	*program.Process
	*testing.T
	c    program.Cluster
	path string
	data string
}

func (f *parent) start() {
	f.Helper()
	f.Process = program.Start(f, f.path, "-processes", "2", "-kafka", f.c.Address(), "-data", f.data,
		"-memory", "64MB", "-commit-interval", "100ms", "-session-timeout", sessionTimeout.String())
}

// tasks returns the tasks of the stateful stage that a child has, as its messages say; ""
// if it doesn't share them now.
func (f *parent) tasks(number int) (tasks string) {
	f.Helper()
	if f.Ended() {
		f.Fatalf("%v\n%s", f.Wait(), f.Messages())
	}
	messages := f.Messages()
	messages = messages[max(0, strings.LastIndex(messages, fmt.Sprintf("[%d] totals: on Kafka at", number))):] // since its last start
	said := regexp.MustCompile(fmt.Sprintf(`(?m)^\[%d\] totals: stage by-account: tasks (.*) of %d, shared by 2 containers$`, number, sharedPartitions))
	for _, s := range said.FindAllStringSubmatch(messages, -1) {
		tasks = s[1]
	}
	return tasks
}

// awaitShares waits until each child has half of the tasks.
func (f *parent) awaitShares() {
	f.Helper()
	f.c.Await("both children to have tasks", func() bool {
		return strings.Count(f.tasks(1), ", ") == sharedPartitions/2-1 && strings.Count(f.tasks(2), ", ") == sharedPartitions/2-1
	})
}

// awaitResults waits for new results of all tasks.
func (f *parent) awaitResults() time.Duration {
	f.Helper()
	return (&processes{T: f.T, c: f.c}).awaitResults()
}

// pid returns the process id of a child, from the lock file of its directory.
func (f *parent) pid(number int) int {
	f.Helper()
	b, err := os.ReadFile(filepath.Join(f.data, strconv.Itoa(number), "LOCK"))
	if err != nil {
		f.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b))) // 0 while the file is being written
	return pid
}

// ended reports whether a child has ended: the lock of its directory is free.
func (f *parent) ended(number int) bool {
	f.Helper()
	lock, err := local.LockDir(filepath.Join(f.data, strconv.Itoa(number)))
	if errors.Is(err, stream.ErrLocked) {
		return false
	}
	if err != nil {
		f.Fatal(err)
	}
	return lock.Close() == nil
}

// Both child processes have tasks. A killed child is started again and keeps its tasks. When
// the parent is killed, its children end; when it is started again, they continue. Each
// balance is written once.
func TestProcesses_WriteEachBalanceOnce(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	f := &parent{T: t, c: c, path: program.Build(t, "totals"), data: filepath.Join(t.TempDir(), "data")}
	var paid []Payment
	feed := c.Feed(input, sharedPartitions, fireRate, func(yield func([]byte) bool) {
		for p := range payments(sharedPartitions, sharedAccounts) {
			paid = append(paid, p)
			if !yield(program.Encode(t, p)) {
				return
			}
		}
	})
	f.start()
	f.awaitShares()
	f.awaitResults()

	before, pid := f.tasks(2), f.pid(2)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	c.Await("the child to be started again", func() bool { now := f.pid(2); return now != pid && now != 0 })
	f.awaitResults()
	t.Logf("a child was killed: new results of all tasks after %v", time.Since(killed))
	f.awaitShares()
	if now := f.tasks(2); now != before {
		t.Errorf("the child had the tasks %s, and now has %s", before, now)
	}

	f.Kill()
	_ = f.Wait()
	began := time.Now()
	if !c.Within(endTimeout, func() bool { return f.ended(1) && f.ended(2) }) {
		t.Fatal("the children don't end after their parent was killed")
	}
	t.Logf("the parent was killed: its children end within %v", time.Since(began))
	f.start()
	f.awaitShares()
	t.Logf("the parent was started again: new results of all tasks after %v", f.awaitResults())

	paid = paid[:feed.Stop()]
	want := balancesAfter(paid)
	c.Await("all results", func() bool { return c.Ends(output) >= int64(len(want)) && len(c.Read(output)) >= len(want) })
	f.Stop()
	if err := f.Wait(); err != nil || !f.ended(1) || !f.ended(2) {
		t.Errorf("%v\n%s", err, f.Messages())
	}
	got := balances(t, c.ReadAll(output))
	checkOrder(t, got)
	t.Logf("%d payments, %v", len(paid), program.Compare(t, want, byPayment(got)))
}

// The parent alone reads standard input and prints.
func TestProcesses_ParentOwnsStandardInputAndOutput(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program.Build(t, "totals"), "-processes", "2", "-kafka", c.Address(), "-data", t.TempDir(),
		"-feed", input+"=-", "-key", input+"=account", "-print", output, "-commit-interval", "100ms")
	cmd.Stdin = strings.NewReader(`{"id":1,"account":"ada","amount":500}` + "\n" + `{"id":2,"account":"ada","amount":-200}` + "\n")
	var messages bytes.Buffer
	cmd.Stderr = &messages
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if got = append(got, lines.Text()); len(got) == 2 {
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, messages.String())
	}
	want := []string{`{"account":"ada","cents":500,"payments":1,"last":1}`, `{"account":"ada","cents":300,"payments":2,"last":2}`}
	if !slices.Equal(got, want) {
		t.Errorf("printed %q\n%s", got, messages.String())
	}
}
