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

// nodeVariable is in the environment of an agent and of all that it starts: the
// agent's directory. The script knows it as well.
const nodeVariable = "GRETE_TEST_NODE"

//go:embed sweep.sh
var sweepScript string

// prefix is how the names of clusters' directories begin. They are short, as there
// are sockets in them.
const prefix = "grnt-"

// lockFile is locked as long as the cluster of a directory, or its guard, is there.
const lockFile = "lock"

// A guard removes all that a cluster leaves when this process is gone, however it
// went: it is a shell that waits for the end of its input. The locks of the cluster
// are its own as well, so nobody has its ports before that.
type guard struct {
	cmd   *exec.Cmd
	input io.Closer
}

func startGuard(dir string, locks ...*os.File) (*guard, error) {
	cmd := sweep(context.Background(), "guard", dir)
	cmd.ExtraFiles = locks
	alone(cmd)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("make the input of a cluster's guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a cluster's guard: %w", err)
	}
	return &guard{cmd, input}, nil
}

// end has the guard do its work, and waits for that.
func (g *guard) end() {
	_ = g.input.Close() // it has read nothing
	_ = g.cmd.Wait()    // what it couldn't remove, the next cluster's start does
}

// sweep runs the script, whose environment isn't that of an agent.
func sweep(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", sweepScript, "sweep"}, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	return cmd
}

// sweepNode ends a node with all that ran on it.
func sweepNode(ctx context.Context, dir string) error {
	if out, err := sweep(ctx, "kill", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("kill what runs in %s: %w %s", dir, err, out)
	}
	return nil
}

// removeLeftovers does what guards were killed before they could do.
func removeLeftovers(ctx context.Context) error {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*", lockFile))
	if err != nil {
		return fmt.Errorf("look for what clusters have left: %w", err)
	}
	for _, name := range locks {
		lock, err := harnesstest.TryLock(name)
		if err != nil {
			return err
		}
		if lock == nil {
			continue // it lives
		}
		err = sweep(ctx, "guard", filepath.Dir(name)).Run() // its input has ended
		harnesstest.Unlock(lock)
		if err != nil {
			return fmt.Errorf("remove what a cluster has left in %s: %w", filepath.Dir(name), err)
		}
	}
	return nil
}
