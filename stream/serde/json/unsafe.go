package json

import (
	"encoding/binary"
	"unsafe"
)

// This file has all that is unsafe. A codec knows a type only as a node, and
// reaches the parts of a value by their offsets. That is sound since nodes are
// compiled from the reflect.Type of what the pointer refers to, and since memory is
// allocated, grown and copied by typed operations only: the garbage collector sees
// every pointer.

// A pointer refers to a value whose type a node describes.
type pointer = unsafe.Pointer

func pointerTo[T any](v *T) pointer { return pointer(v) }

// as returns what p refers to, which is a T or has the memory layout of one.
func as[T any](p pointer) *T { return (*T)(p) }

// at returns the pointer to a part of the value at p.
func at(p pointer, offset uintptr) pointer { return unsafe.Add(p, offset) }

// items returns what is in memory one after the other from p on.
func items[T any](p pointer, count int) []T { return unsafe.Slice((*T)(p), count) }

// A slice is a slice of any type.
type slice struct {
	data pointer
	len  int
	cap  int
}

// relocate returns the pointer to a string that has moved with the size bytes of
// memory around it, and other pointers as they are.
func relocate(s *string, from, to pointer, size uintptr) *string {
	offset := uintptr(pointer(s)) - uintptr(from)
	if offset >= size { // also if s is below from
		return s
	}
	return (*string)(at(to, offset))
}

// withPointer returns an interface with the pointer type of proto that refers to p.
func withPointer(proto any, p pointer) any {
	(*[2]pointer)(pointer(&proto))[1] = p
	return proto
}

// asString returns bytes that nothing changes any more as a string.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// asBytes returns the bytes of a string, which must not be changed.
func asBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// putWord sets the 8 bytes from b[i].
func putWord(b []byte, i int, w uint64) { binary.LittleEndian.PutUint64(b[i:], w) }

// word returns the 8 bytes from src[i]. The caller has checked that they exist.
func word(src []byte, i int) uint64 { return binary.LittleEndian.Uint64(src[i:]) }
