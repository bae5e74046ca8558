//go:build real && unix

package upgrades

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
)

// A job runs in two processes of one version. Each has a data directory, which is its
// identity.
type job struct {
	*testing.T
	c       program.Cluster
	path    string
	chance  *rand.Rand
	version int
	alive   []*process
	dirs    int
	counts  struct{ kills, stops, refused, kept, fresh int }
}

type process struct {
	*program.Process
	dir string
}

func newJob(t *testing.T, c program.Cluster) *job {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GRETE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("GRETE_SEED: %v", err)
		}
	}
	t.Logf("GRETE_SEED=%d makes the same choices", seed)
	return &job{T: t, c: c, path: program.BuildPackage(t, "github.com/gretestream/grete/api/systemtest/upgrades/testdata/versions"), chance: rand.New(rand.NewPCG(seed, 0)), version: 1}
}

// command is a command line of a version of the program. The env program becomes it.
func (j *job) command(version int, args ...string) []string {
	return slices.Concat([]string{"GRETE_TEST_VERSION=" + strconv.Itoa(version), j.path}, args, []string{"-kafka", j.c.Address()})
}

// start starts a process of a version in a data directory.
func (j *job) start(version int, dir string) *process {
	j.Helper()
	return &process{program.Start(j, "env", j.command(version, "run", "-data", dir, "-commit-interval", "100ms", "-session-timeout", "6s", "-memory", "64MB")...), dir}
}

// identity returns the directory of a former process, or a new one.
func (j *job) identity(former string) string {
	if former != "" && j.chance.IntN(2) == 0 {
		j.counts.kept++
		return former
	}
	j.counts.fresh++
	j.dirs++
	return filepath.Join(j.TempDir(), fmt.Sprint(j.dirs))
}

// end kills a process, or stops it.
func (j *job) end(p *process) {
	j.Helper()
	if j.chance.IntN(2) == 0 {
		j.counts.kills++
		p.Kill()
		_ = p.Wait()
		return
	}
	j.counts.stops++
	j.awaitServing(p)
	p.Stop()
	if err := p.Wait(); err != nil {
		j.Errorf("it was asked to stop: %v\n%s", err, p.Messages())
	}
}

func (j *job) awaitServing(p *process) {
	j.Helper()
	j.c.Await("the HTTP API of a process", func() bool { return p.Serves() || p.Ended() })
}

// awaitProgress waits for new results. No process may have ended.
func (j *job) awaitProgress() {
	j.Helper()
	before := j.c.Ends(output)
	j.c.Await("new results of version "+strconv.Itoa(j.version), func() bool {
		for _, p := range j.alive {
			if p.Ended() {
				j.Fatalf("version %d has ended by itself: %v\n%s", j.version, p.Wait(), p.Messages())
			}
		}
		return j.c.Ends(output) > before
	})
}

// roll replaces the processes one after the other.
func (j *job) roll(to int) {
	j.Helper()
	j.version = to
	for i, p := range j.alive {
		j.end(p)
		j.alive[i] = j.start(to, j.identity(p.dir))
		j.awaitProgress()
	}
}

// replace ends all processes of the running version before it starts the next one.
func (j *job) replace(to int, between func()) {
	j.Helper()
	var former []string
	for _, p := range j.alive {
		j.end(p)
		former = append(former, p.dir)
	}
	j.alive = nil
	between()
	j.version = to
	for _, dir := range former {
		j.alive = append(j.alive, j.start(to, j.identity(dir)))
	}
	j.awaitProgress()
}

// settle waits until all processes are members of all groups. Of two processes that start while
// nobody else runs, either one may be refused.
func (j *job) settle() {
	j.Helper()
	j.c.Await("all processes to be members", func() bool {
		return !slices.ContainsFunc(j.alive, func(p *process) bool {
			said := p.Messages()
			return !strings.Contains(said, "stage payments: ") || !strings.Contains(said, "stage by-account: ") && !p.Ended()
		})
	})
}

// intrude kills a process and starts another version in its place, under its identity or a
// new one. It must be refused.
func (j *job) intrude(version int) {
	j.Helper()
	j.settle()
	p := j.alive[0]
	p.Kill()
	_ = p.Wait()
	j.counts.kills++
	other := j.start(version, j.identity(p.dir))
	if !j.c.Within(time.Minute, other.Ended) {
		j.Fatalf("version %d runs beside version %d:\n%s\nwhich says\n%s", version, j.version, other.Messages(), j.alive[1].Messages())
	}
	if err := other.Wait(); err == nil || !refused(other.Messages()) {
		j.Fatalf("version %d runs beside version %d: %v\n%s", version, j.version, err, other.Messages())
	}
	j.counts.refused++
	j.alive[0] = j.start(j.version, other.dir)
	j.awaitProgress()
}

func refused(messages string) bool {
	return strings.Contains(messages, "this process is refused") || strings.Contains(messages, "the change is refused")
}

// run runs another command until it succeeds: members that were killed stay in their groups
// for a while.
func (j *job) run(version int, args ...string) {
	j.Helper()
	var said string
	if !j.c.Within(time.Minute, func() bool {
		_, messages, err := program.Try(j, "env", j.command(version, args...)...)
		said = messages
		return err == nil
	}) {
		j.Fatalf("%s: %s", strings.Join(args, " "), said)
	}
}
