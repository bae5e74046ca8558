package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// replay applies the records and returns the valid ones. After a power failure the
// data of some commits may be missing. Therefore replay reads all data that isn't
// known to be synced; the log ends before the first commit with missing data.
func (s *System) replay(records []commitRecord) ([]commitRecord, error) {
	var synced uint64
	for i := range records {
		synced = max(synced, records[i].synced())
	}
	for {
		known, err := s.applyAll(records, synced)
		if err != nil {
			return nil, err
		}
		whole, err := s.verify(records, known)
		if whole == len(records) || whole == 0 {
			return records, err
		}
		s.opts.Logger.Warn("removed commits whose data was lost in a power failure", "dir", s.dir, "commits", len(records)-whole, "reason", err)
		records = records[:whole]
	}
}

// applyAll creates the log from the records. It returns the extents that the
// segments have after the commits up to synced.
func (s *System) applyAll(records []commitRecord, synced uint64) (map[*segment]extent, error) {
	for name, t := range s.topics {
		s.topics[name] = newTopic(s, t.TopicConfig, t.id)
	}
	clear(s.offsets)
	known := make(map[*segment]extent)
	for i := range records {
		if _, err := s.apply(records[i].edits, nil); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", filepath.Join(s.dir, commitsFile), stream.ErrCorrupt, err)
		}
		if records[i].seq <= synced && (i == len(records)-1 || records[i+1].seq > synced) {
			for seg := range s.segments() {
				known[seg] = seg.extent
			}
		}
	}
	return known, nil
}

// segments iterates over all segments. The caller holds visible or mu, or has the
// only reference.
func (s *System) segments() iter.Seq[*segment] {
	return func(yield func(*segment) bool) {
		for _, t := range s.topics {
			for _, p := range t.partitions {
				for _, seg := range p.segments {
					if !yield(seg) {
						return
					}
				}
			}
		}
	}
}

// apply applies the edits of a record and returns the segments that they have
// removed from the log. The caller holds visible, or has the only reference. An
// invalid edit, which only a corrupt commit log has, is an error; the edits before
// it are applied.
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

// verify reads the segments beyond their known extents, and returns how many of the
// records are valid. The error is the reason why the others aren't. The segments
// that it has read may not be synced, so they are marked as dirty.
func (s *System) verify(records []commitRecord, known map[*segment]extent) (whole int, reason error) {
	whole = len(records)
	clear(s.dirty)
	for seg := range s.segments() {
		if seg.size == known[seg].size {
			continue
		}
		good, err := seg.verify(known[seg])
		switch n := seg.firstBeyond(records, good); {
		case err == nil:
			s.dirty[seg] = struct{}{}
			s.dirtyDirs[s.topicDir(seg.partition.tp.Topic)] = struct{}{}
		case !errors.Is(err, stream.ErrCorrupt):
			return 0, err
		case n < whole:
			whole, reason = n, err
		}
	}
	return whole, reason
}

// firstBeyond returns the index of the first record that makes the segment longer
// than size.
func (s *segment) firstBeyond(records []commitRecord, size int64) int {
	for i := range records {
		for k := range records[i].edits {
			e := &records[i].edits[k]
			for _, x := range e.segments {
				if e.tp == s.partition.tp && x.base == s.base && x.gen == s.gen && x.size > size {
					return i
				}
			}
		}
	}
	return len(records)
}

const verifyBytes = 256 << 10

// verify reads a segment's batches beyond its known extent, and returns the size up
// to which they are valid.
func (s *segment) verify(known extent) (good int64, err error) {
	s.retain()
	defer func() { err = errors.Join(err, s.release()) }()
	f, err := s.open(os.O_RDWR)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if err != nil {
		return known.size, s.corrupt(s.base, errMissing)
	}
	pos, offset := known.size, max(known.end, s.base)
	var r batch.Reader
	var buf []byte
	for size := int64(verifyBytes); pos < s.size; {
		want := min(s.size-pos, size)
		buf = slices.Grow(buf[:0], int(want))[:want]
		n, err := f.ReadAt(buf, pos) // the file may be short
		if err != nil && !errors.Is(err, io.EOF) {
			return pos, err
		}
		r.Reset(buf[:n])
		whole := 0
		for r.Next() {
			if r.BaseOffset < offset || r.Header.Next() > s.end {
				return pos + int64(whole), s.corrupt(offset, fmt.Errorf("unexpected batch with offsets %d to %d", r.BaseOffset, r.Header.Next()-1))
			}
			offset = r.Header.Next()
			whole = n - r.UnreadBytes()
		}
		pos += int64(whole)
		switch {
		case r.Err() != nil:
			return pos, s.corrupt(offset, r.Err())
		case whole == 0 && (int64(n) < want || want == s.size-pos):
			return pos, s.corrupt(offset, fmt.Errorf("incomplete batch at byte %d", pos))
		case whole == 0:
			size *= 2
		}
	}
	return pos, nil
}
