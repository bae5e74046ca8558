package local

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/stream"
)

// An edit is one change of what the log is. A commit record is a list of them
// that is applied whole; a snapshot of the log is a list that makes it from
// nothing. The same code applies them when they are committed and when they are
// replayed.
type edit struct {
	kind editKind
	tp   stream.TopicPartition

	segments []extent // grow: exactly one
	start    int64    // bounds
	end      int64    // bounds
	drop     int64    // bounds, compact: segments that end here or before
	group    string   // offset
	offset   int64    // offset
	seq      uint64   // synced
}

type editKind byte

const (
	// editGrow: the partition's last segment, or a new one behind it, reaches so
	// far.
	editGrow editKind = iota + 1
	// editBounds: the partition is from start to end, and its segments up to drop
	// are gone.
	editBounds
	// editCompact: its segments up to drop are replaced.
	editCompact
	// editOffset: a group's offset.
	editOffset
	// editSynced: the commits up to seq, and their data, have reached the disk.
	editSynced
)

// An extent is a run of committed bytes: a segment.
type extent struct {
	base    int64 // first offset, and the file's name together with
	gen     int64 // how often what it holds was compacted before
	size    int64 // bytes from the file's beginning
	end     int64 // the offset after it
	maxTime int64 // of its records
}

func (e *edit) append(dst []byte) []byte {
	dst = append(dst, byte(e.kind))
	if e.kind == editSynced {
		return binary.AppendUvarint(dst, e.seq)
	}
	dst = appendString(dst, e.tp.Topic)
	dst = binary.AppendUvarint(dst, uint64(e.tp.Partition))
	switch e.kind {
	case editGrow:
		dst = e.segments[0].append(dst)
	case editBounds:
		dst = appendVarints(dst, e.start, e.end, e.drop)
	case editCompact:
		dst = appendVarints(dst, e.drop, int64(len(e.segments)))
		for i := range e.segments {
			dst = e.segments[i].append(dst)
		}
	case editOffset:
		dst = appendString(dst, e.group)
		dst = appendVarints(dst, e.offset)
	}
	return dst
}

func (x *extent) append(dst []byte) []byte {
	return appendVarints(dst, x.base, x.gen, x.size, x.end, x.maxTime)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendVarints(dst []byte, values ...int64) []byte {
	for _, v := range values {
		dst = binary.AppendVarint(dst, v)
	}
	return dst
}

var errEdit = errors.New("malformed commit record")

// parseEdits is append's reverse for a whole list.
func parseEdits(src []byte) ([]edit, error) {
	var edits []edit
	d := decoder{src: src}
	for len(d.src) > 0 && !d.bad {
		edits = append(edits, d.edit())
	}
	if d.bad {
		return nil, errEdit
	}
	return edits, nil
}

// decoder reads fields one after another and remembers whether one was
// malformed.
type decoder struct {
	src []byte
	bad bool
}

func (d *decoder) edit() edit {
	e := edit{kind: editKind(d.src[0])}
	d.src = d.src[1:]
	if e.kind == editSynced {
		e.seq = d.uvarint()
		return e
	}
	e.tp.Topic = d.string()
	e.tp.Partition = int32(d.uvarint())
	switch e.kind {
	case editGrow:
		e.segments = d.extents(1)
	case editBounds:
		e.start, e.end, e.drop = d.varint(), d.varint(), d.varint()
	case editCompact:
		e.drop = d.varint()
		e.segments = d.extents(d.varint())
	case editOffset:
		e.group, e.offset = d.string(), d.varint()
	default:
		d.bad = true
	}
	return e
}

func (d *decoder) extents(n int64) []extent {
	if n < 0 || n > int64(len(d.src)) {
		d.bad = true
		return nil
	}
	list := make([]extent, n)
	for i := range list {
		x := extent{base: d.varint(), gen: d.varint(), size: d.varint(), end: d.varint(), maxTime: d.varint()}
		d.bad = d.bad || x.base < 0 || x.gen < 0 || x.size < 0 || x.end < x.base
		list[i] = x
	}
	return list
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.src)) {
		d.bad = true
		return ""
	}
	s := string(d.src[:n])
	d.src = d.src[n:]
	return s
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.src)
	d.skip(n)
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.src)
	d.skip(n)
	return v
}

func (d *decoder) skip(n int) {
	if n <= 0 {
		d.bad, d.src = true, nil
		return
	}
	d.src = d.src[n:]
}
