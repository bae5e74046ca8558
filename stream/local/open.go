package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
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
	return s, nil
}

func open(dir string, opts Options) (*System, error) {
	if err := opts.fs.Mkdir(dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
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
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.workers.Go(func() { s.keepSynced(ctx) })
	s.workers.Go(func() { s.keepClean(ctx) })
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

// replay applies the records, and returns those that hold. The data of commits
// that may not have reached the disk before a power failure is looked at: the
// first that isn't whole ends the log.
func (s *System) replay(records []commitRecord) ([]commitRecord, error) {
	var synced uint64
	for i := range records {
		synced = max(synced, records[i].synced())
	}
	for i := range records {
		r := &records[i]
		if r.seq > synced {
			if err := s.verify(r); err != nil && i > 0 {
				s.opts.Logger.Warn("cut off what a power failure left unfinished", "dir", s.dir, "reason", err)
				return records[:i], nil
			} else if err != nil {
				return nil, err
			}
		}
		_, err := s.apply(r.edits, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", filepath.Join(s.dir, commitsFile), stream.ErrCorrupt, err)
		}
		if r.seq > synced {
			s.markDirty(r.edits)
		}
	}
	return records, nil
}

// apply does what the edits of a record say, and returns the segments that are
// no longer the log's. The caller holds visible, or is alone. An error leaves
// the log as it was up to the bad edit, which only a corrupt commit log has.
func (s *System) apply(edits []edit, fresh []*segment) (gone []*segment, err error) {
	for i := range edits {
		e := &edits[i]
		if e.kind == editSynced {
			continue
		}
		p, err := s.partition(e.tp)
		if err != nil {
			return gone, err
		}
		if e.kind != editOffset {
			gone = append(gone, p.apply(e, fresh)...)
			continue
		}
		group := s.offsets[e.group]
		if group == nil {
			group = make(map[stream.TopicPartition]int64)
			s.offsets[e.group] = group
		}
		group[e.tp] = e.offset
	}
	return gone, nil
}

// verify reads the bytes that a record adds.
func (s *System) verify(r *commitRecord) error {
	for i := range r.edits {
		e := &r.edits[i]
		if e.kind != editGrow && e.kind != editCompact {
			continue
		}
		p, err := s.partition(e.tp)
		if err != nil {
			return err
		}
		for _, x := range e.segments {
			var from int64
			if last := p.last(); last != nil && last.base == x.base && last.gen == x.gen {
				from = last.size
			}
			if err := (&segment{partition: p, extent: x}).verify(from); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify reads a segment's batches from a position to its end.
func (s *segment) verify(from int64) (err error) {
	s.retain()
	defer func() { err = errors.Join(err, s.release()) }()
	var r batch.Reader
	buf := make([]byte, min(s.size-from, verifyBytes))
	for from < s.size {
		buf = buf[:min(s.size-from, int64(cap(buf)))]
		if err := s.read(buf, from); err != nil {
			return err
		}
		r.Reset(buf)
		for r.Next() {
		}
		if r.Err() != nil {
			return s.corrupt(s.base, r.Err())
		}
		n := len(buf) - r.Rest()
		from += int64(n)
		if n == 0 {
			if from+int64(len(buf)) == s.size {
				return s.corrupt(s.base, fmt.Errorf("a batch at byte %d isn't all there", from))
			}
			buf = make([]byte, min(s.size-from, 2*int64(len(buf))))
		}
	}
	return nil
}

const verifyBytes = 256 << 10

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
		return s.corrupt(s.base, errors.New("the file is missing"))
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
	return f.Truncate(last.end)
}
