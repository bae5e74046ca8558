package json

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A text is a string of the value that isn't set yet, and where its bytes are.
type text struct {
	target *string
	from   int32 // in the document; ^from in the scratch buffer if it is negative
	length int32
}

// unset is a list of texts. Short ones need no memory of their own.
type unset struct {
	few   [16]text
	many  []text // all of them, if not nil
	count int
}

func (u *unset) add(t text) {
	if u.many == nil && u.count < len(u.few) {
		u.few[u.count] = t
	} else {
		u.addMany(t)
	}
	u.count++
}

func (u *unset) addMany(t text) {
	if u.many == nil {
		u.many = append(make([]text, 0, 4*len(u.few)), u.few[:]...)
	}
	u.many = append(u.many, t)
}

// from returns the texts from a position in the list on.
func (u *unset) from(first int) []text {
	if u.many != nil {
		return u.many[first:]
	}
	return u.few[first:u.count]
}

// cut removes the texts from a position on.
func (u *unset) cut(first int) {
	u.count = first
	if u.many != nil {
		u.many = u.many[:first]
	}
}

// maxShared is how many bytes strings share at most.
const maxShared = 4 << 10

// settle sets the strings from a position in d.unset on. They share buffers of at
// most maxShared bytes.
func (d *decoder) settle(first int) {
	for todo := d.unset.from(first); len(todo) > 0; {
		n, total := 1, int(todo[0].length)
		for n < len(todo) && total+int(todo[n].length) <= maxShared {
			total += int(todo[n].length)
			n++
		}
		d.share(todo[:n], total)
		todo = todo[n:]
	}
	d.unset.cut(first)
}

// share sets strings with so many bytes to parts of one buffer.
func (d *decoder) share(texts []text, total int) {
	buf := make([]byte, total)
	for i := range texts {
		t := &texts[i]
		n := copy(buf, d.bytesOf(t))
		*t.target, buf = asString(buf[:n]), buf[n:]
	}
}

func (d *decoder) bytesOf(t *text) []byte {
	if t.from < 0 {
		return d.scratch[^t.from:][:t.length]
	}
	return d.src[t.from:][:t.length]
}

// text decodes a string whose first byte is src[i].
func (d *decoder) text(target *string, i int) int {
	src, end := d.src, i
	for end+8 <= len(src) {
		w := word(src, end)
		m := special(w) | w&highs
		if m == 0 {
			if end += 8; end-i >= longText {
				return d.longText(target, i, end)
			}
			continue
		}
		if end += bits.TrailingZeros64(m) >> 3; src[end] != '"' {
			break
		}
		if end > i {
			d.unset.add(text{target, int32(i), int32(end - i)})
		}
		return end + 1
	}
	return d.oddText(target, i)
}

// longText decodes a string that is plain up to a position.
func (d *decoder) longText(target *string, i, plain int) int {
	length := bytes.IndexByte(d.src[plain:], '"')
	end := plain + length
	if length < 0 || !isPlain(d.src[i:end]) || bytes.IndexByte(d.src[plain:end], '\\') >= 0 {
		return d.oddText(target, i)
	}
	d.unset.add(text{target, int32(i), int32(length + plain - i)})
	return end + 1
}

// oddText decodes a string that has escapes, isn't ASCII, or is the last of a document.
func (d *decoder) oddText(target *string, i int) int {
	end, odd := scan(d.src, i)
	if end == handOver || odd&wide != 0 && !utf8.Valid(d.src[i:end]) {
		return handOver
	}
	t := text{target, int32(i), int32(end - i)}
	if odd&escapes != 0 {
		from := len(d.scratch)
		var ok bool
		if d.scratch, ok = unescape(d.scratch, d.src[i:end]); !ok {
			return handOver
		}
		t.from, t.length = ^int32(from), int32(len(d.scratch)-from)
	}
	d.unset.add(t)
	return end + 1
}

// oddity says what is special about a string of a document.
type oddity uint8

const (
	escapes oddity = 1 << iota
	wide           // not ASCII
	broken         // has no end, or a control character
)

// Patterns of 8 bytes.
const (
	ones    = 0x0101010101010101
	highs   = 0x80 * ones
	quotes  = '"' * ones
	slashes = '\\' * ones
	blanks  = ' ' * ones
)

// special has the high bit of each byte of w that is a quote, a backslash or a
// control character. Only the lowest one is exact.
func special(w uint64) uint64 {
	q, s := w^quotes, w^slashes
	return ((q-ones)&^q | (s-ones)&^s | (w-blanks)&^w) & highs
}

// scan returns the position of the quote that ends the string from src[i], and what
// is special about the string. Escapes aren't checked.
func scan(src []byte, i int) (end int, odd oddity) {
	for i+8 <= len(src) {
		w := word(src, i)
		m := special(w)
		if m == 0 {
			if w&highs != 0 {
				odd |= wide
			}
			i += 8
			continue
		}
		if w&highs&(m&-m-1) != 0 {
			odd |= wide
		}
		i += bits.TrailingZeros64(m) >> 3
		switch src[i] {
		case '"':
			return i, odd
		case '\\':
			odd |= escapes
			i += 2
		default:
			return handOver, broken
		}
	}
	return scanTail(src, i, odd)
}

// scanTail is scan for the last bytes of a document.
func scanTail(src []byte, i int, odd oddity) (int, oddity) {
	for i < len(src) {
		switch c := src[i]; {
		case c == '"':
			return i, odd
		case c == '\\':
			odd |= escapes
			i++
		case c < ' ':
			return handOver, broken
		case c >= utf8.RuneSelf:
			odd |= wide
		}
		i++
	}
	return handOver, broken
}

// unescape appends a string without its escapes. It returns false if it isn't one,
// or has half a surrogate pair.
func unescape(dst, src []byte) ([]byte, bool) {
	for i := 0; i < len(src); {
		c := src[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		i += 2
		switch c = src[i-1]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n := unescapeRune(src[i:])
			if n == 0 {
				return dst, false
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		default:
			return dst, false
		}
	}
	return dst, true
}

// unescapeRune decodes what follows \u, and the second half of a surrogate pair. It
// returns the bytes it has read, 0 if they aren't right.
func unescapeRune(src []byte) (rune, int) {
	r := hex4(src)
	if !utf16.IsSurrogate(r) {
		if r < 0 {
			return 0, 0
		}
		return r, 4
	}
	if len(src) < 10 || src[4] != '\\' || src[5] != 'u' {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, hex4(src[6:])); r == utf8.RuneError {
		return 0, 0
	}
	return r, 10
}

// hex4 returns the number of 4 hexadecimal digits, or -1.
func hex4(src []byte) rune {
	if len(src) < 4 {
		return -1
	}
	var r rune
	for _, c := range src[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// appendText appends a quoted string, or returns false if it is invalid UTF-8.
func appendText(dst []byte, s string) ([]byte, bool) { return appendTextEnd(append(dst, '"'), s) }

// appendTextEnd appends a string and the quote after it. It copies and examines 8
// bytes at a time.
func appendTextEnd(dst []byte, s string) ([]byte, bool) {
	if len(s) > longText {
		return appendLong(dst, s)
	}
	start := len(dst)
	dst = reserve(dst, len(s)+8)
	out, src := dst[start:start+len(s)+8], asBytes(s)
	var odd, high uint64
	if last := len(src) - 8; last >= 0 {
		for i := 0; i < last; i += 8 {
			w := word(src, i)
			odd |= special(w)
			high |= w
			putWord(out, i, w)
		}
		w := word(src, last)
		odd |= special(w)
		high |= w
		putWord(out, last, w)
	} else if last > -8 {
		w := shortWord(src)
		odd = special(w) << (-8 * last)
		high = w
		putWord(out, 0, w)
	}
	if odd != 0 || high&highs != 0 && !isPlainWide(s) {
		return appendOdd(dst, s)
	}
	out[len(s)] = '"'
	return dst[:start+len(s)+1], true
}

// longText is the length from which on it pays to look for bytes one after the other.
const longText = 128

// appendLong is appendTextEnd for long strings.
func appendLong(dst []byte, s string) ([]byte, bool) {
	b := asBytes(s)
	if !isPlain(b) || bytes.IndexByte(b, '"') >= 0 || bytes.IndexByte(b, '\\') >= 0 {
		return appendOdd(dst, s)
	}
	return append(append(dst, s...), '"'), true
}

// isPlain reports whether a string of at least 32 bytes is ASCII without control
// characters. The last 32 bytes may be examined twice.
func isPlain(b []byte) bool {
	var odd uint64
	for i := 0; i < len(b); i += 32 {
		i = min(i, len(b)-32)
		w, x, y, z := word(b, i), word(b, i+8), word(b, i+16), word(b, i+24)
		odd |= (w - blanks) | w | (x - blanks) | x | (y - blanks) | y | (z - blanks) | z
	}
	return odd&highs == 0
}

// isPlainWide reports whether a string is valid, and has no characters that end lines
// in JavaScript, which are escaped.
func isPlainWide(s string) bool {
	return utf8.ValidString(s) && (!strings.Contains(s, "\xe2\x80") || !hasSeparator(s))
}

func hasSeparator(s string) bool {
	return strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")
}

// reserve makes room for n bytes after dst.
func reserve(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		return slices.Grow(dst, n)
	}
	return dst
}

// shortWord returns 1 to 7 bytes, and zeros.
func shortWord(b []byte) uint64 {
	n := len(b)
	if n >= 4 {
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*n-32)
	}
	return uint64(b[0]) | uint64(b[n/2])<<(n/2*8) | uint64(b[n-1])<<(8*n-8)
}

// appendOdd appends a string that isn't ASCII or has bytes that must be escaped.
func appendOdd(dst []byte, s string) ([]byte, bool) {
	if !utf8.ValidString(s) {
		return dst, false
	}
	start := len(dst)
	dst = appendEscaped(dst, s)
	if hasSeparator(s) {
		escaped := bytes.ReplaceAll(dst[start:], []byte("\u2028"), []byte(`\u2028`))
		dst = append(dst[:start], bytes.ReplaceAll(escaped, []byte("\u2029"), []byte(`\u2029`))...)
	}
	return dst, true
}

// appendEscaped appends a valid string with its escapes, and a quote.
func appendEscaped(dst []byte, s string) []byte {
	src, from := asBytes(s), 0
	for i := 0; i < len(src); i++ {
		if i+8 <= len(src) {
			m := special(word(src, i))
			if m == 0 {
				i += 7
				continue
			}
			i += bits.TrailingZeros64(m) >> 3
		}
		if c := src[i]; c < ' ' || c == '"' || c == '\\' {
			dst = appendEscapedByte(append(dst, s[from:i]...), c)
			from = i + 1
		}
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscapedByte(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
