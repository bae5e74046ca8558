package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
)

// Open opens the log in a directory, which it makes if there is none. What
// wasn't committed when the last process ended is cut off. The error is
// [stream.ErrLocked] if another process has it open, and [stream.ErrCorrupt]
// if committed data is not there.
func Open(dir string, opts Options) (*System, error) {
	s, err := open(dir, opts.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open embedded log in %s: %w", dir, err)
	}
	s.start()
	return s, nil
}

// start begins the work in the background, which Close ends.
func (s *System) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.workers.Go(func() { s.keepSynced(ctx) })
	s.workers.Go(func() { s.keepClean(ctx) })
}

// open is Open without the work in the background.
func open(dir string, opts Options) (*System, error) {
	if err := opts.fs.Mkdir(dir); err != nil {
		return nil, err
	}
	lock, err := LockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &System{
		dir: dir, opts: opts, lock: lock,
		producers: make(map[string]*producer),
		dirty:     make(map[*segment]struct{}),
		dirtyDirs: make(map[string]struct{}),
		topics:    make(map[string]*topic),
		offsets:   make(map[string]map[stream.TopicPartition]int64),
		stop:      func() {},
		full:      make(chan struct{}, 1),
		grown:     make(chan struct{}, 1),
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	if opts.Sync == SyncCommit {
		if err := s.sync(); err != nil {
			return nil, errors.Join(err, s.closeFiles())
		}
	}
	return s, nil
}

// load reads the directory and puts it in order. Nobody else has the system
// yet.
func (s *System) load() error {
	var err error
	if s.info, err = openInfo(s.opts.fs, s.dir, s.opts.Now(), s.opts.Sync != SyncNever); err != nil {
		return err
	}
	if err := s.loadTopics(); err != nil {
		return err
	}
	name := filepath.Join(s.dir, commitsFile)
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		if err := s.checkNew(name); err != nil {
			return err
		}
		if s.opts.Sync != SyncNever {
			s.logError(s.opts.fs.SyncDir(filepath.Dir(s.dir)))
		}
		_, err := s.commits.rewrite(s.opts.fs, s.dir, nil, s.opts.Sync != SyncNever)
		return err
	}
	records, err := readCommits(name)
	if err != nil {
		return err
	}
	records, err = s.replay(records)
	if err != nil {
		return err
	}
	if err := s.checkFiles(); err != nil {
		return err
	}
	return s.resume(name, records)
}

// checkNew refuses a directory that has topics but no commit log: a new log has
// neither.
func (s *System) checkNew(name string) error {
	if len(s.topics) > 0 {
		return fmt.Errorf("%s: %w: the file is missing from a log", name, stream.ErrCorrupt)
	}
	return nil
}

// checkFiles compares the segment files with what the log says of them: it
// removes those that it doesn't know, cuts off what is too long, and finds what
// is missing.
func (s *System) checkFiles() error {
	for _, t := range s.topics {
		dir := s.topicDir(t.Name)
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		sizes := make(map[string]int64, len(entries))
		for _, e := range entries {
			if info, err := e.Info(); err == nil && isSegmentName(e.Name()) {
				sizes[e.Name()] = info.Size()
			}
		}
		for _, p := range t.partitions {
			for _, seg := range p.segments {
				name := segmentName(p.tp.Partition, seg.base, seg.gen)
				size, ok := sizes[name]
				delete(sizes, name)
				if err := seg.fit(size, ok); err != nil {
					return err
				}
			}
		}
		for name := range sizes {
			if err := s.opts.fs.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fit makes the file as long as the log says.
func (s *segment) fit(size int64, exists bool) error {
	switch {
	case !exists:
		return s.corrupt(s.base, errMissing)
	case size < s.size:
		return s.corrupt(s.base, fmt.Errorf("the file has %d bytes, %d were committed", size, s.size))
	case size == s.size:
		return nil
	}
	s.retain()
	f, err := s.open(os.O_RDWR)
	if err == nil {
		err = f.Truncate(s.size)
	}
	return errors.Join(err, s.release())
}

// resume goes on with a commit log behind its last good record.
func (s *System) resume(name string, records []commitRecord) error {
	f, err := s.opts.fs.OpenFile(name, os.O_RDWR)
	if err != nil {
		return err
	}
	last := &records[len(records)-1]
	first := &records[0]
	s.commits = commitLog{
		file: f, size: last.end, seq: last.seq,
		rewriteAt: max(minRewriteAt, rewriteFactor*(first.end-first.pos)),
	}
	// What was verified in the page cache need not be on the disk.
	s.unsynced = last.synced()+1 < last.seq
	if err := f.Truncate(last.end); err != nil || s.opts.Sync == SyncNever {
		return err
	}
	// A record that was cut off must not come back beside a new one of its number.
	return f.Sync()
}
