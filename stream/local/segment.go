package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/batch"
)

// segment is a file of record batches. Committed bytes never change. System.visible
// guards its extent.
//
// The file stays open while the segment is retained. A removed segment remains
// readable until its last holder releases it.
type segment struct {
	partition *partition
	extent

	mu      sync.Mutex
	file    file
	holders int
	removed bool

	indexing sync.Mutex
	index    []indexEntry
	indexed  int64 // number of bytes that the index covers
}

// indexEntry is the position of a batch.
type indexEntry struct {
	offset, pos int64
}

// indexEvery is the distance in bytes between entries.
const indexEvery = 64 << 10

// segmentName returns a segment's file name: partition, first offset with 20
// digits, generation.
func segmentName(partition int32, base, gen int64) string {
	return fmt.Sprintf("%d-%020d-%d.log", partition, base, gen)
}

// isSegmentName reports whether a file is a segment. Open never removes other files.
func isSegmentName(name string) bool {
	name, ok := strings.CutSuffix(name, ".log")
	parts := strings.Split(name, "-")
	if !ok || len(parts) != 3 {
		return false
	}
	for _, p := range parts {
		if _, err := strconv.ParseUint(p, 10, 63); err != nil {
			return false
		}
	}
	return true
}

func (s *segment) path() string {
	p := s.partition
	return filepath.Join(p.sys.topicDir(p.tp.Topic), segmentName(p.tp.Partition, s.base, s.gen))
}

// retain keeps the segment's file until release. It does no I/O.
func (s *segment) retain() {
	s.mu.Lock()
	s.holders++
	s.mu.Unlock()
}

func (s *segment) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holders--
	if s.holders > 0 {
		return nil
	}
	var err error
	if s.file != nil {
		err = s.file.Close()
		s.file = nil
	}
	if s.removed {
		err = errors.Join(err, s.partition.sys.opts.fs.Remove(s.path()))
	}
	return err
}

// remove deletes the file as soon as the segment has no holders.
func (s *segment) remove() error {
	s.mu.Lock()
	s.removed = true
	s.holders++
	s.mu.Unlock()
	return s.release()
}

// open returns the file of a segment that the caller has retained.
func (s *segment) open(flag int) (file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := s.partition.sys.opts.fs.OpenFile(s.path(), flag)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	return s.file, nil
}

// read fills p with the committed bytes at pos. The caller has retained the
// segment.
func (s *segment) read(p []byte, pos int64) error {
	f, err := s.open(os.O_RDWR)
	if errors.Is(err, os.ErrNotExist) {
		return s.corrupt(s.base, errMissing)
	}
	if err == nil {
		_, err = f.ReadAt(p, pos)
	}
	if errors.Is(err, io.EOF) {
		return s.corrupt(s.base, fmt.Errorf("the file ends before byte %d", pos+int64(len(p))))
	}
	return err
}

var errMissing = errors.New("the file is missing")

// corrupt returns the error for committed bytes that have changed.
func (s *segment) corrupt(offset int64, err error) error {
	return fmt.Errorf("%s at offset %d: %w: %s: %w", s.partition.tp, offset, stream.ErrCorrupt, s.path(), err)
}

// seek returns the last indexed batch that starts at or before offset. It extends
// the index as needed. size is the committed size of the segment, which the caller
// has retained.
func (s *segment) seek(offset, size int64) (indexEntry, error) {
	s.indexing.Lock()
	defer s.indexing.Unlock()
	if s.indexed == 0 {
		s.index = append(s.index[:0], indexEntry{s.base, 0})
	}
	if err := s.extendIndex(offset, size); err != nil {
		return indexEntry{}, err
	}
	i := sort.Search(len(s.index), func(i int) bool { return s.index[i].offset > offset })
	return s.index[max(i-1, 0)], nil
}

// extendIndex reads batch headers until a batch starts after offset.
func (s *segment) extendIndex(offset, size int64) error {
	if s.index[len(s.index)-1].offset > offset || s.indexed >= size {
		return nil
	}
	walk := headerWalk{segment: s, size: size, pos: s.indexed}
	for walk.pos < size {
		h, err := walk.next()
		if err != nil {
			return err
		}
		at := walk.pos - int64(h.Size)
		s.indexed = walk.pos
		if at-s.index[len(s.index)-1].pos >= indexEvery {
			s.index = append(s.index, indexEntry{h.BaseOffset, at})
			if h.BaseOffset > offset {
				return nil
			}
		}
	}
	return nil
}

// headerWalk iterates over the headers of a segment's batches without reading the
// records.
type headerWalk struct {
	segment *segment
	pos     int64 // position of the next header
	size    int64

	buf  []byte
	from int64 // position of buf
}

const walkBytes = 4 << 10

func (w *headerWalk) next() (batch.Header, error) {
	var h batch.Header
	if w.pos < w.from || w.pos+batch.HeaderSize > w.from+int64(len(w.buf)) {
		if w.buf == nil {
			w.buf = make([]byte, walkBytes)
		}
		w.buf = w.buf[:min(walkBytes, w.size-w.pos)]
		w.from = w.pos
		if err := w.segment.read(w.buf, w.pos); err != nil {
			return h, err
		}
	}
	ok, err := batch.ParseHeader(w.buf[w.pos-w.from:], &h)
	if err == nil && (!ok || int64(h.Size) > w.size-w.pos) {
		err = fmt.Errorf("incomplete batch at byte %d", w.pos)
	}
	if err != nil {
		return h, w.segment.corrupt(w.segment.base, err)
	}
	w.pos += int64(h.Size)
	return h, nil
}
