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

// orphanVariable makes a test the process to kill.
const orphanVariable = "GRETE_TEST_BE_KILLED"

// A broker must not outlive a killed test, not even if the broker hangs.
func TestBroker_EndsWithKilledTest(t *testing.T) {
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
	defer os.RemoveAll(dir)
	if !alive(pid) {
		t.Fatal("the broker doesn't run")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the broker to end", func() bool { return !alive(pid) })
}

// announced reads the pid and the directory of the broker that the process has started.
func announced(t *testing.T, out io.Reader) (pid int, dir string) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "broker %d %s", &pid, &dir); n == 2 {
			return pid, dir
		}
	}
	t.Fatal("no broker was started")
	return 0, ""
}
