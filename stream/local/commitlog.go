package local

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream"
)

// The commit log is a line that says what it is, and then records:
//
//	size of the payload, 4 bytes | CRC-32C of the payload, 4 bytes | payload
//
// A payload is the record's sequence number, 8 bytes, and edits; integers are
// big-endian. Sequence numbers ascend by one. The first record is a snapshot of
// everything before it: the log is written anew when it has grown.
const (
	commitsFile   = "commits"
	commitsMagic  = "grete commits 1\n"
	frameSize     = 8
	sequenceSize  = 8
	minRewriteAt  = 1 << 20
	rewriteFactor = 8 // times the size of the last snapshot
)

//nolint:gochecknoglobals // a constant in all but form
var crcTable = crc32.MakeTable(crc32.Castagnoli)

// commitLog appends records to the file. It is guarded by System.mu.
type commitLog struct {
	file file
	size int64  // bytes that are valid
	seq  uint64 // of the last record
	// rewriteAt is the size at which it is to be written anew.
	rewriteAt int64
	buf       []byte
}

// record builds the bytes of a record in l.buf.
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

// append writes a record. After an error the log is as before, unless the
// process dies: then the record may be found.
func (l *commitLog) append(edits []edit, sync bool) error {
	b := l.record(l.seq+1, edits)
	_, err := l.file.WriteAt(b, l.size)
	if err == nil && sync {
		err = l.file.Sync()
	}
	if err != nil {
		// If this fails too, the next record is written over what was left.
		_ = l.file.Truncate(l.size)
		return err
	}
	l.size += int64(len(b))
	l.seq++
	return nil
}

// rewrite replaces the log by one record. It reports whether the new file is in
// place, which it may be in spite of an error; else the old one goes on.
func (l *commitLog) rewrite(fs fileSystem, dir string, edits []edit, durable bool) (bool, error) {
	b := append([]byte(commitsMagic), l.record(l.seq+1, edits)...)
	f, err := writeFile(fs, filepath.Join(dir, commitsFile), b, durable)
	if f == nil {
		return false, err
	}
	if l.file != nil {
		_ = l.file.Close() // it is no longer the log
	}
	l.file = f
	l.size = int64(len(b))
	l.seq++
	l.rewriteAt = max(minRewriteAt, rewriteFactor*l.size)
	return true, err
}

// commitRecord is a record as it was found.
type commitRecord struct {
	pos   int64 // of its frame
	end   int64
	seq   uint64
	edits []edit
}

// readCommits returns the records of a commit log up to the first that isn't
// whole. That one is the tail that a crash has torn, unless a later record says
// that it had reached the disk.
func readCommits(name string) ([]commitRecord, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if len(data) < len(commitsMagic) || string(data[:len(commitsMagic)]) != commitsMagic {
		return nil, fmt.Errorf("%s: %w: it doesn't begin as a commit log does", name, stream.ErrCorrupt)
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
		return nil, fmt.Errorf("%s: %w: its first record can't be read", name, stream.ErrCorrupt)
	}
	if lost := records[len(records)-1].seq + 1; syncedBehind(data, pos, lost) >= lost {
		return nil, fmt.Errorf("%s: %w: the record at byte %d can't be read", name, stream.ErrCorrupt, pos)
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

// syncedBehind looks for records behind a bad one, at whatever byte they begin,
// and returns the greatest sequence number that they say is on the disk.
func syncedBehind(data []byte, pos int64, lost uint64) uint64 {
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

// synced is the sequence number up to which the record says that all is on the
// disk.
func (r *commitRecord) synced() uint64 {
	var seq uint64
	for i := range r.edits {
		if r.edits[i].kind == editSynced {
			seq = max(seq, r.edits[i].seq)
		}
	}
	return seq
}
