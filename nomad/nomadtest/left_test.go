//go:build real

package nomadtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
)

// orphanVariable is set in a test process that will be killed.
const orphanVariable = "GRETE_TEST_BE_KILLED"

// shy is a task whose child process has cleared its environment.
const shy = "env -i setsid sleep 4321 & exec sleep 4321"

// populate runs tasks that leave as much as possible behind.
func populate(t *testing.T, c *Cluster) {
	for _, driver := range drivers() {
		if driver == "exec" {
			store, path := storeTask(t)
			run(t, c, job(driver, driver, 1, store.URL()+path, "local/bin/task"))
			continue
		}
		run(t, c, job(driver, driver, 1, "", "/bin/sh", "-c", shy))
	}
	waitFor(t, "the task's child", func() bool { return len(left(t, c.dir, allocations(t, c.dir))) > 8 })
}

// allocations returns the ids of all allocations on the nodes.
func allocations(t *testing.T, dir string) (ids []string) {
	dirs, err := filepath.Glob(filepath.Join(dir, "*", "alloc", "*-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		ids = append(ids, filepath.Base(d))
	}
	return ids
}

// left returns the leftovers of a cluster: processes, mounts, control groups, files. It finds
// them in other ways than the script does.
func left(t *testing.T, dir string, allocations []string) (found []string) {
	look := func(format string, args ...any) {
		out, _ := exec.Command("sh", "-c", fmt.Sprintf(format, args...)).Output() // grep fails if there is none
		found = append(found, strings.Fields(string(out))...)
	}
	look("ps -eo pid,args | awk '$0 !~ /awk/ && /%s/ { print $1 }'", filepath.Base(dir))
	look("ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -F %s/ | awk '{ print $NF }'", dir)
	look("grep -F %s/ /proc/mounts | cut -d ' ' -f 2", dir)
	look("ls -d %s 2>/dev/null", dir)
	for _, id := range allocations {
		look("find /sys/fs/cgroup -type d -name '%s*'", id)
	}
	return found
}

func TestCluster_LeavesNothing(t *testing.T) {
	var c *Cluster
	var ids []string
	var over time.Time
	if !t.Run("a cluster", func(t *testing.T) {
		c = Start(t, Options{Clients: 1})
		populate(t, c)
		ids = allocations(t, c.dir)
		t.Log(len(ids), "allocations have", left(t, c.dir, ids))
		over = time.Now()
	}) {
		return
	}
	t.Log("ended in", time.Since(over))
	if l := left(t, c.dir, ids); len(l) > 0 {
		t.Error("left:", l)
	}
	port, lock, err := reservePorts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	harnesstest.Unlock(lock)
	t.Log("the next cluster has port", port)
}

// A cluster ends with a killed test, even if an agent hangs. If its guard is killed as well,
// the start of the next cluster removes it.
func TestCluster_EndsWithAKilledTest(t *testing.T) {
	if os.Getenv(orphanVariable) != "" {
		c := Start(t, Options{Clients: 1})
		populate(t, c)
		c.CutOff(t, 1)
		fmt.Println("cluster", c.guard.cmd.Process.Pid, c.dir)
		select {}
	}
	for _, guard := range []string{"with its guard", "without its guard"} {
		t.Run(guard, func(t *testing.T) {
			process, pid, dir := startOrphan(t)
			ids := allocations(t, dir)
			if len(left(t, dir, ids)) == 0 {
				t.Fatal("the cluster doesn't run")
			}
			if guard == "without its guard" {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = process.Wait()
			timed(t, "the end", func() {
				waitFor(t, "nothing to be left", func() bool {
					if guard == "without its guard" {
						nextStart(t)
					}
					return len(left(t, dir, ids)) == 0
				})
			})
		})
	}
}

// nextStart does the first step of the start of another cluster.
func nextStart(t *testing.T) {
	if err := removeLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// startOrphan starts a process with a cluster, and returns it, the process id of its guard
// and its directory.
func startOrphan(t *testing.T) (process *os.Process, guard int, dir string) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestCluster_EndsWithAKilledTest$")
	cmd.Env = append(os.Environ(), orphanVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		out.Close()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "cluster %d %s", &guard, &dir); n == 2 {
			return cmd.Process, guard, dir
		}
		t.Log(lines.Text())
	}
	t.Fatal("no cluster was started")
	return nil, 0, ""
}
