// Package json encodes and decodes the JSON of one type, fast.
//
// What it accepts, and what it writes, is defined by encoding/json: a codec gives
// the result of [encoding/json.Unmarshal], and that of an
// [encoding/json.Encoder] without HTML escaping and without the final newline.
// Errors are those of encoding/json.
//
// A codec is compiled once per type ([New]). The compiled form is a tree of nodes,
// one for each type within the type. A fast path follows the tree and covers what
// records usually contain:
//
//	src ──► node tree ──► value        the fast path, one pass
//	  └───► encoding/json ──► value    everything else
//
// Whatever is out of the ordinary hands over: the whole record goes to
// encoding/json, which decodes it into a fresh value, or encodes it after what was
// appended is truncated. A wrong document is always handed over, so that it has the
// error of encoding/json. The fast path therefore needs no errors, and no rule of
// encoding/json for odd documents exists twice. These hand over, among others:
//
//   - a name that occurs twice in an object, or differs from a field's name by case
//   - invalid UTF-8, numbers out of range, more than 500 levels
//   - types and struct tags that the compiler doesn't know, see compile.go
//
// The strings of a decoded value share one buffer that contains nothing else. A
// buffer has at most 4 KB, so that a string that is kept retains little. Decoded
// values never alias the document.
//
// The files are divided by kind, with decoding and encoding of a kind in one file:
// text.go, number.go, object.go (structs), list.go, dict.go (maps), anything.go,
// special.go (times, bytes, raw messages) and methods.go. unsafe.go has all unsafe
// operations.
package json
