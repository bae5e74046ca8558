package program

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns text from outside, such as the name of a file, so that it shows as one
// piece of one line and does nothing to a terminal: as it is, or quoted.
func Printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return text
	}
	return strconv.Quote(text)
}

// maxMessage is the greatest length of a line of a message, in bytes.
const maxMessage = 16 << 10

// escape writes whatever isn't printable in a message as Go would in a string, and shortens
// it. Messages may quote records, file names and what brokers say.
func escape(text string) string {
	if n := len(text); n > maxMessage {
		text = fmt.Sprintf("%s... (%d bytes)", text[:maxMessage], n)
	}
	if Printable(text) == text {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		c, n := utf8.DecodeRuneInString(text)
		if c == '\t' || unicode.IsPrint(c) && (c != utf8.RuneError || n > 1) {
			b.WriteString(text[:n])
		} else {
			quoted := strconv.Quote(text[:n])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[n:]
	}
	return b.String()
}
