package local

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
)

// The commit log is a line that identifies its format, followed by records:
//
//	size of the payload, 4 bytes | CRC-32C of the payload, 4 bytes | payload
//
// A payload is a sequence number, 8 bytes, followed by edits. Integers are
// big-endian. Each sequence number is one greater than the previous. The first
// record is a snapshot of all earlier ones: the log is rewritten when it has grown.
const (
	commitsFile   = "commits"
	commitsMagic  = "grete commits 1\n"
	frameSize     = 8
	sequenceSize  = 8
	minRewriteAt  = 1 << 20
	rewriteFactor = 8 // rewrite at this multiple of the snapshot's size
)

//nolint:gochecknoglobals // a constant in all but form
var crcTable = crc32.MakeTable(crc32.Castagnoli)

// commitLog appends records to the file. It is guarded by System.mu.
type commitLog struct {
	file file
	size int64  // number of valid bytes
	seq  uint64 // of the last record
	// rewriteAt is the size at which the log is rewritten.
	rewriteAt int64
	buf       []byte
}

// record encodes a record in l.buf.
func (l *commitLog) record(seq uint64, edits []edit) []byte {
	b := append(l.buf[:0], make([]byte, frameSize+sequenceSize)...)
	binary.BigEndian.PutUint64(b[frameSize:], seq)
	for i := range edits {
		b = edits[i].append(b)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-frameSize))
	binary.BigEndian.PutUint32(b[4:], crc32.Checksum(b[frameSize:], crcTable))
	l.buf = b
	return b
}

// append appends a record. After an error the log is unchanged, unless the process
// dies: then Open may find the record.
func (l *commitLog) append(edits []edit, sync bool) error {
	b := l.record(l.seq+1, edits)
	_, err := l.file.WriteAt(b, l.size)
	if err == nil && sync {
		err = l.file.Sync()
	}
	if err != nil {
		// If this fails too, the next record overwrites the remains.
		_ = l.file.Truncate(l.size)
		return err
	}
	l.size += int64(len(b))
	l.seq++
	return nil
}

// rewrite replaces the log by a single record. It reports whether the new file is
// in place, which is possible even after an error. If not, the old file remains in
// use.
func (l *commitLog) rewrite(fs fileSystem, dir string, edits []edit, durable bool) (bool, error) {
	b := append([]byte(commitsMagic), l.record(l.seq+1, edits)...)
	f, err := writeFile(fs, filepath.Join(dir, commitsFile), b, durable)
	if f == nil {
		return false, err
	}
	if l.file != nil {
		_ = l.file.Close() // replaced
	}
	l.file = f
	l.size = int64(len(b))
	l.seq++
	l.rewriteAt = max(minRewriteAt, rewriteFactor*l.size)
	return true, err
}

// commitRecord is a record read from the file.
type commitRecord struct {
	pos   int64 // position of its frame
	end   int64
	seq   uint64
	edits []edit
}

// readCommits returns the records of a commit log up to the first invalid one. That
// one is a torn tail, unless a later record states that it was synced.
func readCommits(name string) ([]commitRecord, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if len(data) < len(commitsMagic) || string(data[:len(commitsMagic)]) != commitsMagic {
		return nil, fmt.Errorf("%s: %w: the file isn't a commit log", name, stream.ErrCorrupt)
	}
	var records []commitRecord
	pos := int64(len(commitsMagic))
	for {
		r, ok := parseCommit(data, pos)
		if n := len(records); !ok || n > 0 && r.seq != records[n-1].seq+1 {
			break
		}
		records = append(records, r)
		pos = r.end
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: %w: the first record is invalid", name, stream.ErrCorrupt)
	}
	if lost := records[len(records)-1].seq + 1; syncedAfter(data, pos, lost) >= lost {
		return nil, fmt.Errorf("%s: %w: the record at byte %d is invalid", name, stream.ErrCorrupt, pos)
	}
	return records, nil
}

func parseCommit(data []byte, pos int64) (commitRecord, bool) {
	r := commitRecord{pos: pos}
	if int64(len(data))-pos < frameSize+sequenceSize {
		return r, false
	}
	p := data[pos:]
	size := int64(binary.BigEndian.Uint32(p))
	if size < sequenceSize || size > int64(len(p))-frameSize {
		return r, false
	}
	payload := p[frameSize : frameSize+size]
	if binary.BigEndian.Uint32(p[4:]) != crc32.Checksum(payload, crcTable) {
		return r, false
	}
	r.end = pos + frameSize + size
	r.seq = binary.BigEndian.Uint64(payload)
	var err error
	r.edits, err = parseEdits(payload[sequenceSize:])
	return r, err == nil
}

// syncedAfter looks for valid records after an invalid one, at every byte, and
// returns the greatest sequence number that they state as synced.
func syncedAfter(data []byte, pos int64, lost uint64) uint64 {
	var synced uint64
	for ; int64(len(data))-pos >= frameSize+sequenceSize; pos++ {
		seq := binary.BigEndian.Uint64(data[pos+frameSize:])
		if seq <= lost || seq-lost > uint64(len(data)) {
			continue
		}
		if r, ok := parseCommit(data, pos); ok {
			synced = max(synced, r.synced())
		}
	}
	return synced
}

// synced returns the sequence number up to which all commits are synced, according
// to the record.
func (r *commitRecord) synced() uint64 {
	var seq uint64
	for i := range r.edits {
		if r.edits[i].kind == editSynced {
			seq = max(seq, r.edits[i].seq)
		}
	}
	return seq
}
