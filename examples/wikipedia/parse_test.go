package main

import (
	"math"
	"testing"
)

func TestParse(t *testing.T) {
	const url = "http://en.wikipedia.org/w/index.php?diff=2&oldid=1"
	tests := map[string]struct {
		raw  string
		want Edit
	}{
		"an edit":               {"[[Baghdad]]  " + url + " * Kurtis * (+114) Adding collage", Edit{Title: "Baghdad", Bytes: 114}},
		"a minor one":           {"[[A]] M " + url + " * U * (-3) ", Edit{Title: "A", Bytes: -3, Minor: true}},
		"a bot's new page":      {"[[A]] !NB " + url + " * U * (+0) s", Edit{Title: "A", New: true, Bot: true}},
		"all flags":             {"[[A]] MBN " + url + " * U * (1) s", Edit{Title: "A", Bytes: 1, Minor: true, Bot: true, New: true}},
		"no flags and no url":   {"[[A]]   * U * (+7) s", Edit{Title: "A", Bytes: 7}},
		"no title":              {"[[]]  " + url + " * U * (+7) s", Edit{Bytes: 7}},
		"brackets in the title": {"[[a]]b]]] M " + url + " * U * (+7) s", Edit{Title: "a]]b]", Bytes: 7, Minor: true}},
		"plus and minus":        {"[[A]]  " + url + " * U * (+-7) s", Edit{Title: "A", Bytes: -7}},
		"stars in the user":     {"[[A]] M " + url + " * U * V * (x) * (+1) s * (+2) t", Edit{Title: "A", Bytes: 1, Minor: true}},
		"tabs":                  {"[[A]]\tM\t" + url + "\t*\tU\t*\t(+1)\t", Edit{Title: "A", Bytes: 1, Minor: true}},
		"a break between parts": {"[[A]]\nM " + url + " * U * (+1)\nsummary", Edit{Title: "A", Bytes: 1, Minor: true}},
		"another script":        {"[[Обсуждение:Москва]] M " + url + " * Ж * (+1) с", Edit{Title: "Обсуждение:Москва", Bytes: 1, Minor: true}},
		"an impossible size":    {"[[A]]  " + url + " * U * (-99999999999999999999) s", Edit{Title: "A", Bytes: math.MinInt64}},
		"leading zeros":         {"[[A]]  " + url + " * U * (+0012) s", Edit{Title: "A", Bytes: 12}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.want.Channel = "#c"
			got, err := Parse(Line{Raw: tt.raw, Channel: "#c"})
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

var noEdits = map[string]string{
	"nothing":               "",
	"a log entry":           "[[Special:Log/delete]] delete  * Admin *  deleted \"[[A]]\": vandalism",
	"no brackets":           "A M http://x * U * (+1) s",
	"space before":          " [[A]] M http://x * U * (+1) s",
	"an open title":         "[[A] M http://x * U * (+1) s",
	"no size":               "[[A]] M http://x * U * s",
	"a size without digits": "[[A]] M http://x * U * (+) s",
	"two signs":             "[[A]] M http://x * U * (--1) s",
	"an open size":          "[[A]] M http://x * U * (+1 s",
	"an end after the size": "[[A]] M http://x * U * (+1)",
	"no flags":              "[[A]] http://x * U * (+1) s",
	"a break in the title":  "[[A\nB]] M http://x * U * (+1) s",
	"a break at the end":    "[[A]] M http://x * U * (+1) s\n",
}

func TestParse_RefusesLinesThatAreNoEdits(t *testing.T) {
	for name, raw := range noEdits {
		if got, err := Parse(Line{Raw: raw}); err == nil {
			t.Errorf("%s: %q is taken for %+v", name, raw, got)
		}
	}
}

// The hand-written parser must agree with the pattern.
func FuzzSplit(f *testing.F) {
	for _, raw := range noEdits {
		f.Add(raw)
	}
	f.Add("[[A]] MB http://x/?diff=2 * A * B * (x) * (-12) a summary (+3) x")
	f.Add("[[A]]\nM http://x * U * (+1)\nsummary")
	f.Add("[[a]] ]]\t\r * * * * (+1) (-2) * (3) \xff")
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := split(raw)
		want, wantOK := splitByPattern(raw)
		if ok != wantOK || got != want {
			t.Errorf("%q: got %+v, %v; the pattern says %+v, %v", raw, got, ok, want, wantOK)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const raw = "[[C++ (language)]] MB http://en.wikipedia.org/w/index.php?diff=2&oldid=1 * 127.0.0.1 * (+114) /* History */ typo"
	for name, f := range map[string]func(string) (fields, bool){"by hand": split, "by pattern": splitByPattern} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(raw)
			}
		})
	}
}
