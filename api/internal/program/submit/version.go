package submit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/nomad/ship"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// planTimeout bounds the time that a program takes to print its plan.
const planTimeout = 30 * time.Second

// checkVersion refuses a program of -binary whose pipeline isn't that of this program,
// which makes the plan. If it doesn't run on this machine, that can't be checked.
func (k *Command) checkVersion(ctx context.Context, p program.Pipeline, c program.Console) error {
	if k.Binary == "" {
		return nil
	}
	theirs, err := planOf(ctx, k.Binary)
	if err != nil {
		c.Say("can't check whether -binary %s has the pipeline of this program: %v", k.Binary, err)
		return nil
	}
	own, err := p.PlanOffline(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	v := compare.Plans(own, theirs)
	if v.Kind == compare.Same {
		return nil
	}
	return fmt.Errorf("-binary %s is another version than this program, which plans the job: build it again, or let it submit itself, with %[1]s submit. It would change:\n%s", k.Binary, strings.TrimSpace(v.Text()))
}

// planOf runs a program to get its plan, which depends on no cluster and no file.
func planOf(ctx context.Context, file string) (*scheduler.Plan, error) {
	p, err := ship.Read(file)
	if err != nil {
		return nil, err
	}
	if here := (ship.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}); p.Platform() != here {
		return nil, fmt.Errorf("it is for %v, and doesn't run on %v", p.Platform(), here)
	}
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, file, "plan", "-json")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GRETE_") }) // of no cluster
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("it doesn't print its plan: %w: %s", err, first)
	}
	return scheduler.ParsePlan(out)
}
