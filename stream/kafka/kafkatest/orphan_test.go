//go:build real

package kafkatest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// orphanVariable makes a test the process that is killed.
const orphanVariable = "GRETE_TEST_BE_KILLED"

// A broker doesn't outlive a test that is killed, not even one that hangs.
func TestKilledTest(t *testing.T) {
	if os.Getenv(orphanVariable) != "" {
		c := Start(t, Options{})
		c.Pause(t)
		fmt.Println("broker", c.brokers[0].process.cmd.Process.Pid, c.dir)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), orphanVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pid, dir := announced(t, out)
	defer os.RemoveAll(dir) // which is all that stays
	if !alive(pid) {
		t.Fatal("the broker doesn't run")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the broker to end", func() bool { return !alive(pid) })
}

// announced reads which broker was started, and where.
func announced(t *testing.T, out io.Reader) (pid int, dir string) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "broker %d %s", &pid, &dir); n == 2 {
			return pid, dir
		}
	}
	t.Fatal("no broker was started")
	return 0, ""
}
