package program

import (
	"bytes"
	"strings"
	"testing"
)

func TestConsole_EscapesMessages(t *testing.T) {
	for text, want := range map[string]string{
		"plain, naïve, 日本":      "plain, naïve, 日本",
		"\x1b[31mred\a":         `\x1b[31mred\a`,
		"a\rb\x00\x7f\u009bc":   `a\rb\x00\x7f\u009bc`,
		"not UTF-8: \xff\xfe":   `not UTF-8: \xff\xfe`,
		"a\u202eb\u200bc":       `a\u202eb\u200bc`,
		"tab\tstays, \" and \\": "tab\tstays, \" and \\",
		"a\nb":                  `a\nb`,
	} {
		var said bytes.Buffer
		if (Console{App: "app", Err: &said}).Say("%s", text); said.String() != "app: "+want+"\n" {
			t.Errorf("%q: said %q", text, said.String())
		}
	}
	var said bytes.Buffer
	Console{App: "app", Err: &said}.Say("%s", strings.Repeat("x", 1<<20))
	if said.Len() > 17<<10 || !strings.HasSuffix(said.String(), "x... (1048576 bytes)\n") {
		t.Errorf("said %d bytes", said.Len())
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{"a b": "a b", "": "", "a\x1b": `"a\x1b"`, "\xff": `"\xff"`, "a\nb": `"a\nb"`} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %s", text, got)
		}
	}
}
