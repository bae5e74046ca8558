package nomadtest

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// nodeVariable has the agent's directory, in the environment of the agent and of all its
// processes. The script uses it, too.
const nodeVariable = "GRETE_TEST_NODE"

//go:embed sweep.sh
var sweepScript string

// prefix begins the names of clusters' directories. They are short, because they contain
// sockets.
const prefix = "grnt-"

// lockFile is locked as long as the cluster of a directory, or its guard, runs.
const lockFile = "lock"

// A guard cleans up after a cluster when this process has ended, in whatever way: it is a shell
// that waits for the end of its input. It holds the locks of the cluster, too, so the ports
// stay reserved until then.
type guard struct {
	cmd   *exec.Cmd
	input io.Closer
}

func startGuard(dir string, locks ...*os.File) (*guard, error) {
	cmd := sweep(context.Background(), "guard", dir)
	cmd.ExtraFiles = locks
	detach(cmd)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the input of a cluster's guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a cluster's guard: %w", err)
	}
	return &guard{cmd, input}, nil
}

// end makes the guard clean up, and waits for it.
func (g *guard) end() {
	_ = g.input.Close() // a pipe, which nothing is written to
	_ = g.cmd.Wait()    // the start of the next cluster removes what is left
}

// sweep returns the command of the script, without the environment of an agent.
func sweep(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", sweepScript, "sweep"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	return cmd
}

// sweepNode kills all processes of a node.
func sweepNode(ctx context.Context, dir string) error {
	if out, err := sweep(ctx, "kill", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("kill what runs in %s: %w %s", dir, err, out)
	}
	return nil
}

// removeLeftovers cleans up after clusters whose guards were killed.
func removeLeftovers(ctx context.Context) error {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*", lockFile))
	if err != nil {
		return fmt.Errorf("look for leftovers of clusters: %w", err)
	}
	for _, name := range locks {
		lock, err := harnesstest.TryLock(name)
		if err != nil {
			return err
		}
		if lock == nil {
			continue // it is running
		}
		err = sweep(ctx, "guard", filepath.Dir(name)).Run() // without input, it cleans up at once
		harnesstest.Unlock(lock)
		if err != nil {
			return fmt.Errorf("remove leftovers of a cluster in %s: %w", filepath.Dir(name), err)
		}
	}
	return nil
}
