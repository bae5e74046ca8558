package kafkatest

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gretestream/grete/stream/harnesstest"
)

// Shared is a cluster that the tests of one package use together: one start for
// all of them. They don't break it, and each has topics, groups and transactional
// ids of its own, for which [Name] is good. It belongs into a variable of the
// package's tests, and into their TestMain:
//
//	var shared kafkatest.Shared
//
//	func TestMain(m *testing.M) { os.Exit(shared.Around(m).Run()) }
//
//	func TestReads(t *testing.T) {
//		c := shared.Cluster(t)
//		// …
//	}
//
// It is started when the first test asks for it. The zero value is one broker,
// or what GRETE_TEST_KAFKA names.
type Shared struct {
	Options Options

	mu      sync.Mutex
	tests   Tests // nil: Around wasn't called
	started bool
	cluster *Cluster
	err     error
}

// Tests are those of a package: a *testing.M, or something around it.
type Tests interface {
	Run() (exitCode int)
}

// Around returns tests after which the cluster is stopped. They can be given to
// others that want to be around them, as goleak.VerifyTestMain does.
func (s *Shared) Around(m Tests) Tests {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tests = m
	return (*sharing)(s)
}

// sharing is a Shared, seen as its tests.
type sharing Shared

// Run runs the tests, and stops the cluster.
func (s *sharing) Run() int {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.cluster != nil {
			s.cluster.close()
		}
	}()
	return s.tests.Run()
}

// Cluster returns the cluster, which is started for the first test. As with
// [Start], tests are skipped where there can't be one.
func (s *Shared) Cluster(t testing.TB) *Cluster {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tests == nil {
		t.Fatal("kafkatest: TestMain must run the tests by Shared.Around, or nobody stops the cluster")
	}
	if !s.started {
		s.cluster, s.err = s.start(context.WithoutCancel(t.Context()))
		s.started = true
	}
	if s.err != nil {
		harnesstest.SkipOrFail(t, s.err)
	}
	return s.cluster
}

func (s *Shared) start(ctx context.Context) (*Cluster, error) {
	if running := os.Getenv("GRETE_TEST_KAFKA"); running != "" && s.Options.plain() {
		return connect(ctx, strings.Split(running, ","))
	}
	return launch(ctx, s.Options)
}
