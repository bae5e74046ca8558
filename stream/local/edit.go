package local

import (
	"encoding/binary"
	"errors"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/internal/fields"
)

// An edit is one change of the log. A commit record is a list of edits that is
// applied as a whole; a snapshot is a list that creates the log from nothing. The
// same code applies edits at a commit and when the commit log is replayed.
type edit struct {
	kind editKind
	tp   stream.TopicPartition

	segments []extent // grow: exactly one
	start    int64    // bounds
	end      int64    // bounds
	drop     int64    // bounds, compact: remove segments that end here or before
	group    string   // offset
	offset   int64    // offset
	seq      uint64   // synced
}

type editKind byte

const (
	// editGrow extends the partition's last segment, or adds a new one.
	editGrow editKind = iota + 1
	// editBounds sets the start and end of the partition and removes segments.
	editBounds
	// editCompact replaces segments.
	editCompact
	// editOffset sets a group's offset.
	editOffset
	// editSynced states that the commits up to seq and their data are synced.
	editSynced
)

// An extent describes the committed bytes of a segment. base and gen form the name
// of its file.
type extent struct {
	base    int64 // first offset
	gen     int64 // number of the compaction that wrote it; 0: none
	size    int64 // committed bytes, from the beginning of the file
	end     int64 // offset after its last record
	maxTime int64 // latest time of its records
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

// parseEdits decodes a list of edits that were encoded by append.
func parseEdits(src []byte) ([]edit, error) {
	var edits []edit
	d := fields.Reader{Src: src}
	for len(d.Src) > 0 && !d.Bad {
		edits = append(edits, parseEdit(&d))
	}
	if d.Bad {
		return nil, errEdit
	}
	return edits, nil
}

// parseEdit decodes one edit.
func parseEdit(d *fields.Reader) edit {
	e := edit{kind: editKind(d.Src[0])}
	d.Src = d.Src[1:]
	if e.kind == editSynced {
		e.seq = d.Uvarint()
		return e
	}
	e.tp.Topic = d.String()
	e.tp.Partition = int32(d.Uvarint())
	switch e.kind {
	case editGrow:
		e.segments = parseExtents(d, 1)
	case editBounds:
		e.start, e.end, e.drop = d.Varint(), d.Varint(), d.Varint()
	case editCompact:
		e.drop = d.Varint()
		e.segments = parseExtents(d, d.Varint())
	case editOffset:
		e.group, e.offset = d.String(), d.Varint()
	default:
		d.Bad = true
	}
	return e
}

func parseExtents(d *fields.Reader, n int64) []extent {
	if n < 0 || n > int64(len(d.Src)) {
		d.Bad = true
		return nil
	}
	list := make([]extent, n)
	for i := range list {
		x := extent{base: d.Varint(), gen: d.Varint(), size: d.Varint(), end: d.Varint(), maxTime: d.Varint()}
		d.Bad = d.Bad || x.base < 0 || x.gen < 0 || x.size < 0 || x.end < x.base
		list[i] = x
	}
	return list
}
