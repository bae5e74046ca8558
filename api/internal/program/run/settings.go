package run

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/cluster"
	"github.com/gretestream/grete/api/internal/program/feed"
	"github.com/gretestream/grete/container/httpapi/signed"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream/kafka"
)

// settings are the flags, checked.
type settings struct {
	Command
	pipeline           program.Pipeline
	graph              scheduler.Graph
	memory             int64          // of each container
	kafka              *kafka.Options // nil: the embedded log
	feeds              []feed.Feed
	tokens, readTokens signed.Tokens // of the HTTP API
	args               []string      // of the processes that this one starts: the flags as given
}

// settings checks the pipeline and the command line. It touches nothing.
func (k *Command) settings(p program.Pipeline, parsed *kong.Context) (*settings, error) {
	graph, err := p.Graph()
	if err != nil {
		return nil, err
	}
	s := &settings{Command: *k, pipeline: p, graph: graph}
	if parsed != nil {
		s.args = givenTo(parsed)
	}
	for _, step := range []func() error{s.checkNumbers, s.checkHTTP, s.checkFeeds, s.checkPrint} {
		if err := step(); err != nil {
			return nil, program.Usage(err)
		}
	}
	if s.kafka, err = s.Kafka.Options(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{s.checkReplication, s.checkProcesses, s.checkStage, s.checkInstance} {
		if err := step(); err != nil {
			return nil, program.Usage(err)
		}
	}
	return s, nil
}

func (s *settings) checkNumbers() (err error) {
	if s.Containers < 1 {
		return fmt.Errorf("-containers %d: it must be positive", s.Containers)
	}
	s.memory, err = s.Check()
	return err
}

func (s *settings) checkReplication() error {
	if s.kafka == nil && s.Replication > 0 {
		return fmt.Errorf("-replication %d: the embedded log has one copy; for several, add -kafka HOST:PORT", s.Replication)
	}
	return nil
}

// checkFeeds reads -feed and -key.
func (s *settings) checkFeeds() error {
	feeds, err := program.ParseAssignments("feed", "FILE", s.Feed)
	if err != nil {
		return err
	}
	keys, err := program.ParseAssignments("key", "FIELD", s.Key)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		key, _, err := s.pipeline.TopicSerdes(scheduler.KindInput, f[0])
		if err != nil {
			return fmt.Errorf("-feed %s=%s: %w", f[0], f[1], err)
		}
		if f[1] != feed.StandardInput {
			if _, err := os.Stat(f[1]); err != nil {
				return fmt.Errorf("-feed %s: %w", f[0], err)
			}
		}
		s.feeds = append(s.feeds, feed.Feed{App: s.pipeline.App, Topic: f[0], File: f[1], Keys: s.pipeline.Serdes.Text(cmp.Or(key, "string"))})
	}
	for _, k := range keys {
		i := slices.IndexFunc(s.feeds, func(f feed.Feed) bool { return f.Topic == k[0] })
		if i < 0 {
			return fmt.Errorf("-key %s=%s: there is no -feed of that topic", k[0], k[1])
		}
		for j := range s.feeds {
			if s.feeds[j].Topic == k[0] {
				s.feeds[j].KeyField = k[1]
			}
		}
	}
	return nil
}

// checkPrint checks the topics of -print.
func (s *settings) checkPrint() error {
	for _, topic := range s.Print {
		if _, _, err := s.pipeline.TopicSerdes(scheduler.KindOutput, topic); err != nil {
			return fmt.Errorf("-print %s: %w", topic, err)
		}
	}
	return nil
}

// shares reports whether this process shares the job with others: on a cluster, in a run
// without end.
func (s *settings) shares() bool { return s.kafka != nil && !s.Once }

// supervises reports whether the containers are in processes that this one starts.
func (s *settings) supervises() bool { return s.Processes != nil }

// sampling reports whether inputs make records of their own. They don't write to a
// cluster, where others may be reading.
func (s *settings) sampling() bool {
	return s.kafka == nil && len(s.feeds) == 0 && !s.Once && len(s.pipeline.Samples) > 0
}

// explain adds to an error what the user can do about it, if it doesn't say so itself.
func (s *settings) explain(err error) error {
	if errors.Is(err, kafka.ErrNoTransactions) && len(s.feeds) == 0 { // feeds always use transactions
		return fmt.Errorf("%w; or do without transactions: -at-least-once", err)
	}
	return cluster.Explain(err)
}
