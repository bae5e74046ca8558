package local

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// keepSynced syncs the log periodically and rewrites the commit log when it has
// grown, until the system is closed.
func (s *System) keepSynced(ctx context.Context) {
	tick := time.NewTicker(s.opts.SyncInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.logError(s.sync())
		case <-s.grown:
			s.logError(s.rewriteCommits())
		}
	}
}

// sync syncs all commits: first the data, then the commit log. Then it appends a
// record of that to the commit log, and deletes obsolete files.
func (s *System) sync() error {
	if s.opts.Sync == SyncNever {
		return nil
	}
	s.syncing.Lock()
	defer s.syncing.Unlock()
	return s.syncNow()
}

// syncNow is sync with s.syncing held.
func (s *System) syncNow() error {
	s.mu.Lock()
	if !s.unsynced || s.failed != nil {
		defer s.mu.Unlock()
		return s.failed
	}
	seq, commits, obsolete := s.commits.seq, s.commits.file, s.obsolete
	segments, dirs := s.takeDirty()
	s.obsolete, s.unsynced = nil, false
	s.mu.Unlock()

	err := s.syncFiles(segments, dirs)
	if err == nil {
		err = commits.Sync()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return s.fail(fmt.Errorf("sync: %w", err))
	}
	for _, seg := range obsolete {
		s.logError(seg.remove())
	}
	if err := s.commits.append([]edit{{kind: editSynced, seq: seq}}, false); err != nil {
		s.unsynced = true // the disk may be full; try again later
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// takeDirty returns and clears the lists of dirty segments, which it retains, and
// dirty directories. The caller holds mu.
func (s *System) takeDirty() (segments []*segment, dirs []string) {
	for seg := range s.dirty {
		seg.retain()
		segments = append(segments, seg)
	}
	for dir := range s.dirtyDirs {
		dirs = append(dirs, dir)
	}
	clear(s.dirty)
	clear(s.dirtyDirs)
	slices.Sort(dirs)
	return segments, dirs
}

func (s *System) syncFiles(segments []*segment, dirs []string) error {
	var first error
	for _, seg := range segments {
		if err := seg.sync(); err != nil && first == nil {
			first = err
		}
		s.logError(seg.release())
	}
	for _, dir := range dirs {
		if err := s.opts.fs.SyncDir(dir); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// sync syncs a segment that the caller has retained.
func (s *segment) sync() error {
	f, err := s.open(os.O_RDWR)
	if err != nil {
		return err
	}
	return f.Sync()
}

// rewriteCommits replaces a commit log that has grown by a snapshot. It syncs all
// data first, because a snapshot has no earlier commit to fall back on. Most of
// that happens before commits are blocked.
func (s *System) rewriteCommits() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	durable := s.opts.Sync != SyncNever
	if durable {
		if err := s.syncNow(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.commits.size < s.commits.rewriteAt || s.failed != nil {
		return s.failed
	}
	edits := s.snapshot()
	if durable {
		if err := s.syncFiles(s.takeDirty()); err != nil {
			return s.fail(fmt.Errorf("sync: %w", err))
		}
		edits = append(edits, edit{kind: editSynced, seq: s.commits.seq + 1})
	}
	replaced, err := s.commits.rewrite(s.opts.fs, s.dir, edits, durable)
	switch {
	case err == nil:
		return nil
	case replaced:
		return s.fail(err)
	}
	s.commits.rewriteAt = 2 * s.commits.size
	return fmt.Errorf("rewrite the commit log: %w", err)
}

// snapshot returns the edits that create the log from nothing.
func (s *System) snapshot() []edit {
	var edits []edit
	for _, t := range s.topics {
		for _, p := range t.partitions {
			edits = p.snapshot(edits)
		}
	}
	for group, offsets := range s.offsets {
		for tp, offset := range offsets {
			edits = append(edits, edit{kind: editOffset, tp: tp, group: group, offset: offset})
		}
	}
	return edits
}
