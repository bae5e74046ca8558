package api

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

	"github.com/gretestream/grete/nomad/ship"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/compare"
)

// planTime is how long a program may take to say what its plan is.
const planTime = 30 * time.Second

// checkVersion refuses a program of -binary whose pipeline is another than that of this
// one, by which the job is planned. What doesn't run on this machine isn't known.
func (s *submission) checkVersion(ctx context.Context) error {
	if s.Binary == "" {
		return nil
	}
	theirs, err := planOf(ctx, s.Binary)
	if err != nil {
		s.say("it isn't known whether -binary %s has the pipeline of this program: %v", s.Binary, err)
		return nil
	}
	own, err := s.app.planAlone(scheduler.Options{}, nil)
	if err != nil {
		return err
	}
	v := compare.Plans(own, theirs)
	if v.Kind == compare.Same {
		return nil
	}
	return fmt.Errorf("-binary %s is another version than this program, by which the job is planned: build it anew, or have it submit itself, by %[1]s submit. What it would change:\n%s", s.Binary, strings.TrimSpace(v.Text()))
}

// planOf asks a program for its plan, which depends on no cluster and no file.
func planOf(ctx context.Context, file string) (*scheduler.Plan, error) {
	p, err := ship.Read(file)
	if err != nil {
		return nil, err
	}
	if here := (ship.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}); p.Platform() != here {
		return nil, fmt.Errorf("it is for %v, and can't be asked on %v", p.Platform(), here)
	}
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, file, "plan", "-json")
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GRETE_") }) // of no cluster
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("it doesn't say its plan: %w: %s", err, first)
	}
	return scheduler.ParsePlan(out)
}
