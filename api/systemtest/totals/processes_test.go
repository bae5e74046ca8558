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

// endTimeout is how long processes may take to end when the one that has started them
// is gone.
const endTimeout = 20 * time.Second

// A family is a program with -processes 2.
type family struct {
	*program.Process
	*testing.T
	c    program.Cluster
	path string
	data string
}

func (f *family) start() {
	f.Helper()
	f.Process = program.Start(f, f.path, "-processes", "2", "-kafka", f.c.Address(), "-data", f.data,
		"-memory", "64MB", "-commit-interval", "100ms", "-session-timeout", sessionTimeout.String())
}

// tasks are those of the stage with the state that a process says it has, "" if it
// doesn't share them now.
func (f *family) tasks(number int) (tasks string) {
	f.Helper()
	if f.Ended() {
		f.Fatalf("%v\n%s", f.Wait(), f.Messages())
	}
	messages := f.Messages()
	messages = messages[max(0, strings.LastIndex(messages, fmt.Sprintf("[%d] totals: on Kafka at", number))):] // of this life
	said := regexp.MustCompile(fmt.Sprintf(`(?m)^\[%d\] totals: stage by-account: tasks (.*) of its %d, which 2 containers share$`, number, sharedPartitions))
	for _, s := range said.FindAllStringSubmatch(messages, -1) {
		tasks = s[1]
	}
	return tasks
}

// shared waits until each has half of the tasks.
func (f *family) shared() {
	f.Helper()
	f.c.Await("both to have tasks", func() bool {
		return strings.Count(f.tasks(1), ", ") == sharedPartitions/2-1 && strings.Count(f.tasks(2), ", ") == sharedPartitions/2-1
	})
}

// everywhere waits until there are new results of all tasks.
func (f *family) everywhere() time.Duration {
	f.Helper()
	return (&crew{T: f.T, c: f.c}).everywhere()
}

// pid is a process's, as it stands in the lock of its directory.
func (f *family) pid(number int) int {
	f.Helper()
	b, err := os.ReadFile(filepath.Join(f.data, strconv.Itoa(number), "LOCK"))
	if err != nil {
		f.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b))) // 0 while it is written
	return pid
}

// gone tells whether a process has ended: nobody has the lock any more.
func (f *family) gone(number int) bool {
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

// A program with processes of its own: both have tasks; one that is killed is back with
// what it had; when the program is killed its processes end, and when it is started
// again they go on. Each balance is there once and right.
func TestProcesses(t *testing.T) {
	t.Parallel()
	c := program.StartKafka(t, kafkatest.Options{})
	c.CreateTopic(t, input, sharedPartitions, nil)
	c.CreateTopic(t, output, sharedPartitions, nil)
	f := &family{T: t, c: c, path: program.Build(t, "totals"), data: filepath.Join(t.TempDir(), "data")}
	var paid []Payment
	feed := c.Feed(input, sharedPartitions, fireRate, func(yield func([]byte) bool) {
		for p := range payments(sharedPartitions, sharedAccounts) {
			paid = append(paid, p)
			if !yield(program.Encoded(t, p)) {
				return
			}
		}
	})
	f.start()
	f.shared()
	f.everywhere()

	before, pid := f.tasks(2), f.pid(2)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	c.Await("another life of it", func() bool { now := f.pid(2); return now != pid && now != 0 })
	f.everywhere()
	t.Logf("a process was killed: there are results everywhere after %v", time.Since(killed))
	f.shared()
	if now := f.tasks(2); now != before {
		t.Errorf("it had the tasks %s, and has got %s", before, now)
	}

	f.Kill()
	_ = f.Wait()
	began := time.Now()
	if !c.Within(endTimeout, func() bool { return f.gone(1) && f.gone(2) }) {
		t.Fatal("the processes don't end with the one that has started them")
	}
	t.Logf("the program was killed: its processes end within %v", time.Since(began))
	f.start()
	f.shared()
	t.Logf("it was started again: there are results everywhere after %v", f.everywhere())

	paid = paid[:feed.Stop()]
	want := balancesAfter(paid)
	c.Await("all results", func() bool { return c.Ends(output) >= int64(len(want)) && len(c.Read(output)) >= len(want) })
	f.Stop()
	if err := f.Wait(); err != nil || !f.gone(1) || !f.gone(2) {
		t.Errorf("%v\n%s", err, f.Messages())
	}
	got := balances(t, c.ReadAll(output))
	inOrder(t, got)
	t.Logf("%d payments, %v", len(paid), program.Compare(t, want, byPayment(got)))
}

// What is fed by standard input, and printed, is the business of the program alone.
func TestProcessesBetweenPipes(t *testing.T) {
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
