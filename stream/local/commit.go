package local

import (
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// transaction is a commit in progress: its changes are written but not visible.
// System.mu is held while it is used.
type transaction struct {
	sys     *System
	edits   []edit
	written []*segment // segments with uncommitted bytes
	fresh   []*segment // those of them that are new
	swapped []*segment // segments written by a compaction
}

// commit commits a producer's pending records and offsets as one record of the
// commit log. After an error the log is unchanged.
func (s *System) commit(p *producer, offsets stream.GroupOffsets) ([]stream.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := p.check(); err != nil {
		return nil, err
	}
	t := transaction{sys: s}
	if err := t.offsets(offsets); err != nil {
		return nil, err
	}
	var ends []stream.Position
	for _, q := range p.pending {
		if err := t.write(q); err != nil {
			t.rollBack()
			return nil, err
		}
		ends = append(ends, stream.Position{TopicPartition: q.partition.tp, Offset: q.partition.end + q.count})
	}
	if err := t.commit(); err != nil {
		return nil, err
	}
	return ends, nil
}

func (t *transaction) offsets(offsets stream.GroupOffsets) error {
	if err := offsets.Check(); err != nil {
		return err
	}
	for _, pos := range offsets.Positions {
		if _, err := t.sys.partition(pos.TopicPartition); err != nil {
			return fmt.Errorf("offsets of group %s: %w", offsets.Group, err)
		}
		t.edits = append(t.edits, edit{kind: editOffset, tp: pos.TopicPartition, group: offsets.Group, offset: pos.Offset})
	}
	return nil
}

// write appends a partition's batches to its last segment or to a new one.
func (t *transaction) write(q *pending) error {
	p := q.partition
	if err := setOffsets(q.buf, p.end); err != nil {
		return err
	}
	seg, err := t.place(p, int64(len(q.buf)))
	if err != nil {
		return err
	}
	t.written = append(t.written, seg)
	f, err := seg.open(os.O_RDWR)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(q.buf, seg.size); err != nil {
		return err
	}
	x := seg.extent
	if x.size == 0 {
		x.maxTime = q.maxTime
	}
	x.size += int64(len(q.buf))
	x.end = p.end + q.count
	x.maxTime = max(x.maxTime, q.maxTime)
	t.edits = append(t.edits, edit{kind: editGrow, tp: p.tp, segments: []extent{x}})
	return nil
}

// setOffsets sets the base offsets of consecutive batches, from the given offset
// on. The batches may have offsets of an earlier attempt.
func setOffsets(batches []byte, offset int64) error {
	var h batch.Header
	for len(batches) > 0 {
		if ok, err := batch.ParseHeader(batches, &h); err != nil || !ok {
			return fmt.Errorf("invalid new batch: %w", errors.Join(err, batch.ErrCorrupt))
		}
		batch.SetBaseOffset(batches, offset)
		offset += int64(h.LastDelta) + 1
		batches = batches[h.Size:]
	}
	return nil
}

// place returns the segment for n more bytes, retained and open.
func (t *transaction) place(p *partition, n int64) (*segment, error) {
	if last := p.last(); last != nil && last.gen == 0 && last.size+n <= p.segmentBytes() {
		if p.writing == nil {
			last.retain()
			p.writing = last
		}
		return last, nil
	}
	seg := &segment{partition: p, extent: extent{base: p.end, end: p.end}}
	seg.retain()
	t.fresh = append(t.fresh, seg)
	_, err := seg.open(os.O_RDWR | os.O_CREATE | os.O_TRUNC)
	return seg, err
}

// rollBack removes the uncommitted bytes. If that fails, the next commit
// overwrites them, or Open removes them.
func (t *transaction) rollBack() {
	for _, seg := range t.written {
		if f, err := seg.open(os.O_RDWR); err == nil {
			_ = f.Truncate(seg.size)
		}
	}
	for _, seg := range t.fresh {
		_ = seg.remove()
		_ = seg.release()
	}
}

// commit appends the commit record and makes the changes visible. After an error
// the changes are rolled back.
func (t *transaction) commit() error {
	s := t.sys
	if len(t.edits) == 0 {
		return s.checkOpen()
	}
	err := s.checkOpen()
	if err == nil && s.failed != nil {
		err = fmt.Errorf("commits fail until the log is reopened: %w", s.failed)
	}
	if err == nil && s.opts.Sync == SyncCommit {
		err = t.sync()
	}
	if err == nil {
		err = s.commits.append(t.edits, s.opts.Sync == SyncCommit)
	}
	if err != nil {
		t.rollBack()
		return err
	}
	t.publish()
	return nil
}

// sync syncs the data before the commit record is written.
func (t *transaction) sync() error {
	for _, seg := range t.written {
		if err := seg.sync(); err != nil {
			return t.sys.fail(err)
		}
	}
	for _, seg := range t.fresh {
		if err := t.sys.opts.fs.SyncDir(t.sys.topicDir(seg.partition.tp.Topic)); err != nil {
			return t.sys.fail(err)
		}
	}
	t.edits = append(t.edits, edit{kind: editSynced, seq: t.sys.commits.seq})
	return nil
}

// fail makes all later commits fail: after a failed sync the contents of the disk
// are unknown.
func (s *System) fail(err error) error {
	s.failed = err
	return err
}

// publish makes the committed changes visible to readers, all at once.
func (t *transaction) publish() {
	s := t.sys
	s.visible.Lock()
	gone, _ := s.apply(t.edits, append(t.swapped, t.fresh...)) // can't fail: the partitions exist
	for i := range t.edits {
		if e := &t.edits[i]; e.kind == editGrow || e.kind == editBounds {
			for c := range s.topics[e.tp.Topic].partitions[e.tp.Partition].readers {
				c.wake()
			}
		}
	}
	s.visible.Unlock()
	if s.opts.Sync == SyncInterval {
		s.unsynced = true
		s.markDirty(t.edits)
	}
	t.roll()
	s.discard(gone)
	if s.commits.size >= s.commits.rewriteAt {
		signal(s.grown)
	}
}

// roll releases the segments that have become full.
func (t *transaction) roll() {
	for _, seg := range t.fresh {
		p := seg.partition
		if p.writing != nil {
			t.sys.logError(p.writing.release())
			signal(t.sys.full)
		}
		p.writing = seg
	}
}

// markDirty marks the segments that the edits have changed.
func (s *System) markDirty(edits []edit) {
	for i := range edits {
		e := &edits[i]
		if e.kind != editGrow && e.kind != editCompact {
			continue
		}
		s.dirtyDirs[s.topicDir(e.tp.Topic)] = struct{}{}
		p := s.topics[e.tp.Topic].partitions[e.tp.Partition]
		changed := p.segments[:min(len(e.segments), len(p.segments))]
		if e.kind == editGrow {
			changed = p.segments[len(p.segments)-1:]
		}
		for _, seg := range changed {
			s.dirty[seg] = struct{}{}
		}
	}
}

// discard deletes segments that were removed from the log, once the commit that
// removed them is synced.
func (s *System) discard(gone []*segment) {
	for _, seg := range gone {
		delete(s.dirty, seg)
		if p := seg.partition; p.writing == seg {
			p.writing = nil
			s.logError(seg.release())
		}
	}
	if s.opts.Sync == SyncInterval {
		s.obsolete = append(s.obsolete, gone...)
		return
	}
	for _, seg := range gone {
		s.logError(seg.remove())
	}
}

// logError logs an error that needs no action: Open repairs its effects.
func (s *System) logError(err error) {
	if err != nil {
		s.opts.Logger.Warn("embedded log", "dir", s.dir, "error", err)
	}
}

// signal signals a channel with a buffer of one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
