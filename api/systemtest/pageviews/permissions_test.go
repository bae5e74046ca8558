//go:build real

package pageviews

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/stream/kafka/kafkatest"
)

// The cluster grants nothing at first, then the permissions of docs/kafka.md, one by one. The
// program names the next one that is missing, until it has all that it needs.
func TestPermissions_MissingOneIsNamed(t *testing.T) {
	path := program.Build(t, "pageviews")
	const user, password = "ann", "hunter2"
	c := program.StartKafka(t, kafkatest.Options{Users: map[string]string{user: password}, TLS: true, Permissions: true})
	c.CreateTopic(t, input, 2, nil)
	dir := t.TempDir()
	settings, file := filepath.Join(dir, "kafka.conf"), filepath.Join(dir, "views.json")
	text := fmt.Sprintf("# the cluster\nkafka = %s\nkafka-ca = %s\nkafka-sasl = scram-sha-512\nkafka-user = %s\nkafka-password = %s\n",
		c.Address(), c.Authority(t).File(), user, password)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-kafka-config", settings, "-feed", input + "=" + file, "-once", "-data", filepath.Join(dir, "data")}
	printing := append(slices.Clip(args), "-print", output)
	all := views(6000)
	for i := range all { // three days: -once closes the windows of each
		all[i].TS += int64(i/2000) * 86_400_000
	}
	appendViews(t, file, all[:2000])

	allow := func() *kadm.ACLBuilder { return kadm.NewACLs().Allow("User:" + user) }
	own := func() *kadm.ACLBuilder { return allow().ResourcePatternType(kadm.ACLPatternPrefixed) }
	for _, step := range []struct {
		missing string
		give    *kadm.ACLBuilder
	}{
		{`Describe on topic "page-views"`, allow().Topics(input).Operations(kadm.OpDescribe)},
		{`Describe on topic "pageviews-`, own().Topics("pageviews-").Operations(kadm.OpDescribe)},
		{`Describe on topic "views-per-user"`, allow().Topics(output).Operations(kadm.OpDescribe)},
		{`Describe on group "pageviews-page-views"`, allow().Groups("pageviews-page-views").Operations(kadm.OpRead)},
		{`Describe on group "pageviews-by-user"`, allow().Groups("pageviews-by-user").Operations(kadm.OpRead)},
		{`Create on topic "pageviews-`, own().Topics("pageviews-").Operations(kadm.OpCreate)},
		{`Create on topic "views-per-user"`, allow().Topics(output).Operations(kadm.OpCreate)},
		{`DescribeConfigs on topic "pageviews-`, own().Topics("pageviews-").Operations(kadm.OpDescribeConfigs)},
		{`Write on transactional id "pageviews-feed-`, own().TransactionalIDs("pageviews-feed-").Operations(kadm.OpWrite, kadm.OpDescribe)},
		{`Read on group "pageviews-feed-`, own().Groups("pageviews-").Operations(kadm.OpRead)},
		{`Write on topic "page-views"`, allow().Topics(input).Operations(kadm.OpWrite)},
		{`Read on topic "page-views"`, allow().Topics(input).Operations(kadm.OpRead)},
		{`Write on transactional id "pageviews-`, own().TransactionalIDs("pageviews-").Operations(kadm.OpWrite, kadm.OpDescribe)},
		{`Read on topic "views-per-user"`, allow().Topics(output).Operations(kadm.OpRead)},
		{"", own().Topics("pageviews-").Operations(kadm.OpRead, kadm.OpWrite)}, // two stages lack a permission, and one of them reports it
		{`Write on topic "views-per-user"`, allow().Topics(output).Operations(kadm.OpWrite)},
	} {
		args := args
		if strings.Contains(step.missing, output) { // otherwise the reader of the output may fail first
			args = printing
		}
		_, said, err := program.Try(t, path, args...)
		if want := "the broker's access list must allow " + step.missing; err == nil || !strings.Contains(said, want) || strings.Contains(said, password) {
			t.Errorf("%v, want %q in\n%s", err, want, said)
		}
		c.Allow(t, step.give)
	}

	got := map[window]int64{}
	run := func() string {
		out, said := program.Run(t, path, printing...)
		collect(t, out, got)
		return said
	}
	run()
	appendViews(t, file, all[2000:4000])
	if said := run(); !strings.Contains(said, `must allow Delete on topic`) {
		t.Errorf("no message says that it may not delete:\n%s", said)
	}
	c.Allow(t, own().Topics("pageviews-").Operations(kadm.OpDelete))
	appendViews(t, file, all[4000:])
	if said := run(); strings.Contains(said, "WARN") {
		t.Errorf("unexpected warnings:\n%s", said)
	}
	if want := count(all); !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func appendViews(t *testing.T, file string, views []PageView) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range program.EncodeAll(t, views) {
		if _, err := f.Write(append(value, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// collect adds up the counts that the program has printed.
func collect(t *testing.T, out string, counts map[window]int64) {
	t.Helper()
	for line := range strings.Lines(out) {
		var p api.Pane[string, int64]
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		counts[window{p.Key, p.Start.UnixMilli()}] += p.Value
	}
}
