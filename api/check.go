package api

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/gretestream/grete/scheduler"
)

// check looks at the pipeline and the command line before anything is touched.
func (r *run) check(context.Context) (err error) {
	if _, err := r.app.Graph(); err != nil {
		return err
	}
	for _, step := range []func() error{r.checkNumbers, r.checkHTTP, r.checkFeeds, r.checkPrint} {
		if err := step(); err != nil {
			return fmt.Errorf("%w; %w", err, errUsage)
		}
	}
	if r.kafka, err = r.Kafka.options(); err != nil {
		return err
	}
	if r.kafka == nil && r.Replication > 0 {
		return fmt.Errorf("-replication %d: there is no -kafka HOST:PORT; the embedded log has one copy; %w", r.Replication, errUsage)
	}
	for _, step := range []func() error{r.checkProcesses, r.checkStage} {
		if err := step(); err != nil {
			return fmt.Errorf("%w; %w", err, errUsage)
		}
	}
	return nil
}

func (r *run) checkNumbers() (err error) {
	if r.Containers < 1 {
		return fmt.Errorf("-containers %d: it must be positive", r.Containers)
	}
	r.memory, err = r.jobFlags.check()
	return err
}

// checkFeeds reads -feed and -key.
func (r *run) checkFeeds() error {
	feeds, err := parseAssignments("feed", r.Feed)
	if err != nil {
		return err
	}
	keys, err := parseAssignments("key", r.Key)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		key, _, err := r.app.serdesOf(scheduler.KindInput, f[0])
		if err != nil {
			return fmt.Errorf("-feed %s=%s: %w", f[0], f[1], err)
		}
		if f[1] != standardInput {
			if _, err := os.Stat(f[1]); err != nil {
				return fmt.Errorf("-feed %s: %w", f[0], err)
			}
		}
		r.feeds = append(r.feeds, feed{app: r.app.name, topic: f[0], file: f[1], keySerde: key})
	}
	for _, k := range keys {
		i := slices.IndexFunc(r.feeds, func(f feed) bool { return f.topic == k[0] })
		if i < 0 {
			return fmt.Errorf("-key %s=%s: there is no -feed of that topic", k[0], k[1])
		}
		for j := range r.feeds {
			if r.feeds[j].topic == k[0] {
				r.feeds[j].keyField = k[1]
			}
		}
	}
	return nil
}

// checkPrint looks for the topic of -print.
func (r *run) checkPrint() error {
	if r.Print == "" {
		return nil
	}
	if _, _, err := r.app.serdesOf(scheduler.KindOutput, r.Print); err != nil {
		return fmt.Errorf("-print %s: %w", r.Print, err)
	}
	return nil
}
