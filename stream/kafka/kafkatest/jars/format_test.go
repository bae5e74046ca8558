package jars

import "testing"

func TestProperties_Escape(t *testing.T) {
	got := string(Properties(map[string]string{"b": `C:\x`, "a": "ü = 😀\n#"}))
	if want := "a=\\u00fc = \\ud83d\\ude00\\u000a#\nb=C:\\\\x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
