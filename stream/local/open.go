package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
)

// Open opens the log in a directory, and creates it if it doesn't exist. Data that
// the last process left uncommitted is removed. Open fails with
// [stream.ErrLocked] if another process has the log open, and with
// [stream.ErrCorrupt] if committed data is missing.
func Open(dir string, opts Options) (*System, error) {
	s, err := open(dir, opts.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open embedded log in %s: %w", dir, err)
	}
	s.start()
	return s, nil
}

// start starts the background work. Close stops it.
func (s *System) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.workers.Go(func() { s.keepSynced(ctx) })
	s.workers.Go(func() { s.keepClean(ctx) })
}

// open is Open without background work.
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

// load reads and repairs the directory. No other goroutine uses the system yet.
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

// checkNew fails for a directory that has topics but no commit log. A new log has
// neither.
func (s *System) checkNew(name string) error {
	if len(s.topics) > 0 {
		return fmt.Errorf("%s: %w: the log has topics, but this file is missing", name, stream.ErrCorrupt)
	}
	return nil
}

// checkFiles compares the segment files with the commit log. It removes unknown
// segments, truncates those that are too long, and fails for missing data.
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
				if err := seg.checkSize(size, ok); err != nil {
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

// checkSize fails if the file is shorter than its committed size, and truncates it
// if it is longer.
func (s *segment) checkSize(size int64, exists bool) error {
	switch {
	case !exists:
		return s.corrupt(s.base, errMissing)
	case size < s.size:
		return s.corrupt(s.base, fmt.Errorf("the file has %d bytes, but %d were committed", size, s.size))
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

// resume opens the commit log for appending after its last valid record.
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
	// Records that were read from the page cache may not be on the disk yet.
	s.unsynced = last.synced()+1 < last.seq
	if err := f.Truncate(last.end); err != nil || s.opts.Sync == SyncNever {
		return err
	}
	// A truncated record must not reappear next to a new one with its number.
	return f.Sync()
}
