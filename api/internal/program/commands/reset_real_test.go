//go:build real

package commands_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// A cleared is a job that counts words on a real broker, on several machines one after
// the other.
type cleared struct {
	*testing.T
	cluster *kafkatest.Cluster
	app     string
	file    string
	more    []string // arguments
}

func (c *cleared) topic(name string) string { return c.app + "." + name }

func (c *cleared) main(ctx context.Context, args ...string) programtest.Result {
	app := api.New(c.app)
	app.From[word](c.topic("words")).PartitionBy("by-word", func(w word) string { return w.Word }).Count("count").To(c.topic("counts"))
	return runMain(ctx, app, append(args, "-kafka", strings.Join(c.cluster.Bootstrap(), ","))...)
}

func (c *cleared) args(data string) []string {
	return append([]string{"run", "-feed", c.topic("words") + "=" + c.file, "-print", c.topic("counts"), "-data", data, "-partitions", "2", "-commit-interval", "20ms"}, c.more...)
}

// wants runs to the end of the input, on a machine.
func (c *cleared) wants(data string, want ...string) {
	c.Helper()
	if got := c.main(c.Context(), append(c.args(data), "-once")...).Succeeded(c.T).Lines(); !slices.Equal(got, want) {
		c.Errorf("printed %q, and not %q", got, want)
	}
}

// runs reports whether the job's groups have members.
func (c *cleared) runs() bool {
	groups, err := c.cluster.Admin().DescribeGroups(c.Context(), c.app+"-by-word")
	if err != nil {
		c.Fatal(err)
	}
	return slices.ContainsFunc(groups.Sorted(), func(g kadm.DescribedGroup) bool { return len(g.Members) > 0 })
}

// A reset makes all machines start again, whatever is on their disks. It is refused while
// the job runs.
func TestReset_OnAllMachines(t *testing.T) {
	t.Parallel()
	cluster := oneBroker.Cluster(t)
	for name, more := range map[string][]string{"once": nil, "at-least-once": {"-at-least-once"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := &cleared{T: t, cluster: cluster, app: "cleared-" + name, file: programtest.WriteFile(t, filepath.Join(dir, "words.json"), twoWords), more: more}
			stale, fresh := filepath.Join(dir, "stale"), filepath.Join(dir, "fresh")
			c.wants(stale, "1\n", "1\n")
			programtest.WriteFile(t, c.file, twoWords+twoWords+`{"word":"c"}`+"\n")
			c.wants(fresh, "1\n", "2\n", "2\n")
			reset := func() programtest.Result { return c.main(t.Context(), "reset", "-to", "oldest", "-yes") }

			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan programtest.Result, 1)
			go func() { ended <- c.main(ctx, c.args(fresh)...) }()
			for tick := time.Tick(50 * time.Millisecond); !c.runs(); {
				select {
				case r := <-ended:
					t.Fatalf("it has ended\n%s", r.Err)
				case <-tick:
				}
			}
			reset().Failed(t, "the job is running (member ", " of group cleared-"+name, "stop it first")
			stop()
			(<-ended).Succeeded(t)

			r := reset().Succeeded(t)
			if !strings.Contains(r.Err, "store count is emptied") || !strings.Contains(r.Err, " to 0; partition 1 from ") {
				t.Errorf("it says\n%s", r.Err)
			}
			all := []string{"1\n", "1\n", "1\n", "2\n", "2\n"}
			c.wants(stale, all...)
			reset().Succeeded(t)
			c.wants(filepath.Join(dir, "new"), all...)
			reset().Succeeded(t)
			c.wants(fresh, all...)
			c.wants(fresh)
		})
	}
}
