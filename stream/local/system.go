package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/gretestream/grete/stream"
)

// A System is an open log. It is safe for concurrent use, by any number of
// producers and consumers.
type System struct {
	dir  string
	opts Options
	info logInfo
	lock *os.File

	// mu serialises commits and all other changes of the log.
	mu        sync.Mutex
	commits   commitLog
	producers map[string]*producer
	failed    error // if not nil, all commits fail with it
	dirty     map[*segment]struct{}
	dirtyDirs map[string]struct{}
	obsolete  []*segment // removed by commits that may not be synced yet
	unsynced  bool       // there were commits since the last sync

	// visible guards the state that readers see; see doc.go.
	visible sync.RWMutex
	closed  bool
	topics  map[string]*topic
	offsets map[string]map[stream.TopicPartition]int64

	syncing  sync.Mutex // serialises syncs; locked before mu
	cleaning sync.Mutex // serialises cleaning; locked before mu
	stop     context.CancelFunc
	full     chan struct{} // signalled when a segment is full
	grown    chan struct{} // signalled when the commit log should be rewritten
	workers  sync.WaitGroup
}

var _ stream.System = (*System)(nil)

// Name returns "embedded log".
func (s *System) Name() string { return "embedded log" }

// ID returns an identifier that was chosen at random when the log was created. A
// directory that was deleted and recreated gets another one.
func (s *System) ID() string { return s.info.ID }

// Admin returns the log's Admin.
func (s *System) Admin() stream.Admin { return (*admin)(s) }

// partition looks up a partition. The caller holds visible or mu.
func (s *System) partition(tp stream.TopicPartition) (*partition, error) {
	t := s.topics[tp.Topic]
	if t == nil || tp.Partition < 0 || int(tp.Partition) >= len(t.partitions) {
		return nil, fmt.Errorf("%s: %w", tp, stream.ErrUnknownTopic)
	}
	return t.partitions[tp.Partition], nil
}

// checkOpen returns an error if the system is closed. The caller holds visible or
// mu.
func (s *System) checkOpen() error {
	if s.closed {
		return fmt.Errorf("embedded log in %s: %w", s.dir, stream.ErrClosed)
	}
	return nil
}

// OpenConsumer opens a consumer that has no partitions assigned.
func (s *System) OpenConsumer(ctx context.Context, cfg stream.ConsumerConfig) (stream.Consumer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.visible.RLock()
	defer s.visible.RUnlock()
	if err := s.checkOpen(); err != nil {
		return nil, err
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 16 << 20
	}
	return &consumer{sys: s, max: cfg.MaxBytes, ready: make(chan struct{}, 1)}, nil
}

// OpenProducer opens a producer and fences the previous one with the same id.
func (s *System) OpenProducer(ctx context.Context, cfg stream.ProducerConfig) (stream.Producer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkOpen(); err != nil {
		return nil, err
	}
	p := &producer{sys: s, id: cfg.ID, writers: make(map[string]*writer)}
	if cfg.ID != "" {
		if old := s.producers[cfg.ID]; old != nil {
			old.fenced.Store(true)
		}
		s.producers[cfg.ID] = p
	}
	return p, nil
}

// Close waits for background work, syncs everything unless the policy is
// SyncNever, and releases the lock. Its consumers and producers fail from then on.
func (s *System) Close() error {
	s.mu.Lock()
	s.visible.Lock()
	alreadyClosed := s.closed
	s.closed = true
	s.visible.Unlock()
	s.mu.Unlock()
	if alreadyClosed {
		return nil
	}
	s.stop()
	s.workers.Wait()
	s.cleaning.Lock() // wait for a caller's Clean
	defer s.cleaning.Unlock()
	err := errors.Join(s.sync(), s.closeFiles())
	if err != nil {
		return fmt.Errorf("close embedded log in %s: %w", s.dir, err)
	}
	return nil
}

// closeFiles closes all files, the lock last.
func (s *System) closeFiles() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, t := range s.topics {
		for _, p := range t.partitions {
			if p.writing != nil {
				errs = append(errs, p.writing.release())
				p.writing = nil
			}
		}
	}
	if s.commits.file != nil {
		errs = append(errs, s.commits.file.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
