package wikipedia

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	input  = "wikipedia-edits"
	output = "wikipedia-stats"
)

// A Line is a record of the program's input.
type Line struct {
	Raw     string `json:"raw"`
	Time    int64  `json:"time"` // ms since 1970
	Source  string `json:"source"`
	Channel string `json:"channel"`
}

// A Row is a record of its output: what a channel comes to in ten seconds.
type Row struct {
	Channel string `json:"channel"`
	Start   int64  `json:"start"` // ms since 1970
	Edits   int64  `json:"edits"`
	Bytes   int64  `json:"bytes"`
	Titles  int    `json:"titles"` // distinct
	Minor   int64  `json:"minor"`
	Bots    int64  `json:"bots"`
	New     int64  `json:"new"`
}

// disorder is how far the time of a generated line may be behind that of an earlier one, in
// ms: as much as the pipeline allows.
const disorder = 30_000

// generate makes n lines like those of the feed, the same for the same seed: edits of a few
// channels, up to half a minute out of order, with odd lines among them.
func generate(seed uint64, n int) []Line {
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	lines := make([]Line, 0, n)
	now := int64(1_398_926_301_271)
	for range n {
		now += g.Int64N(400)
		l := Line{Raw: g.raw(), Time: now, Source: "rc-pmtpa", Channel: "#" + g.of("en", "en", "en", "de", "ja", "cs") + ".wikipedia"}
		if g.IntN(4) == 0 {
			l.Time -= g.Int64N(disorder + 1)
		}
		lines = append(lines, l)
	}
	return lines
}

type generator struct{ *rand.Rand }

func (g generator) of(from ...string) string { return from[g.IntN(len(from))] }

// raw returns an edit, and in one of ten cases a text that only looks like an edit, or an
// edit that doesn't look like one.
func (g generator) raw() string {
	if g.IntN(10) == 0 {
		return g.of(
			"",
			"[[Special:Log/newusers]] create  * Someone *  created new account User:Someone",
			"[[Special:Log/delete]] delete  * Admin *  deleted \"[[A]]\" (+12) * (+3)",
			"[[No size]] M http://x * U * summary",
			"[[No end]] M http://x * U * (+5)",
			"[[Two signs]] M http://x * U * (--5) s",
			"[[A break\nin the title]] M http://x * U * (+5) s",
			"[[A break in the summary]] M http://x * U * (+5) s\nt",
			"[[A break between]]\nM http://x * U * (+5)\ns",
			"[[Without a url]]   * U * (+5) s",
			"[[Plus and minus]] B http://x * U * (+-5) s",
			"[[Tabs]]\tN\thttp://x\t*\tU\t*\t(+5)\ts",
		)
	}
	return fmt.Sprintf("[[%s]] %s http://en.wikipedia.org/w/index.php?diff=%d&oldid=%d * %s * (%s) %s",
		g.title(), g.of("", "", "", "M", "B", "N", "MB", "!N", "!NB", "MBN"), g.IntN(1e9), g.IntN(1e9),
		g.of("Ann", "127.0.0.1", "A * B", "ClueBot NG", "Ω (+1) Ω"), g.size(), g.summary())
}

// title repeats titles, so that there are fewer titles than edits.
func (g generator) title() string {
	return g.of("", "Talk:", "User talk:") + g.of("Brno", "Praha", "東京", "A]] M", "C++ (language)", "[[", `"quoted\"`) + g.of("", "", " "+strconv.Itoa(g.IntN(50)))
}

func (g generator) size() string {
	n := g.IntN(5000) - 2000
	if n < 0 {
		return strconv.Itoa(n)
	}
	return g.of("", "+", "+", "+") + strconv.Itoa(n)
}

func (g generator) summary() string {
	return g.of("", "/* History */ typo", "rv * (+9) vandalism", "ž", strings.Repeat("long ", 50))
}

// A window is a channel in the ten seconds that begin at a time, in ms.
type window struct {
	channel string
	start   int64
}

// count counts edits with the regular expression that defines them, and without any code of
// the pipeline.
func count(lines []Line) (rows []Row, skipped int) {
	re := regexp.MustCompile(`^\[\[(.*?)\]\]\s(.*?)\s(\S*)\s\*\s(.*?)\s\*\s\(\+?(-?\d+)\)\s(.*)$`)
	counts := map[window]*Row{}
	titles := map[window]map[string]bool{}
	for _, l := range lines {
		m := re.FindStringSubmatch(l.Raw)
		if m == nil {
			skipped++
			continue
		}
		w := window{l.Channel, l.Time / 10_000 * 10_000}
		if counts[w] == nil {
			counts[w] = &Row{Channel: w.channel, Start: w.start}
			titles[w] = map[string]bool{}
		}
		r, flags := counts[w], m[2]
		n, _ := strconv.Atoi(m[5])
		r.Edits++
		r.Bytes += int64(n)
		r.Minor += int64(min(1, strings.Count(flags, "M")))
		r.Bots += int64(min(1, strings.Count(flags, "B")))
		r.New += int64(min(1, strings.Count(flags, "N")))
		titles[w][m[1]] = true
		r.Titles = len(titles[w])
	}
	for _, r := range counts {
		rows = append(rows, *r)
	}
	sortRows(rows)
	return rows, skipped
}

func sortRows(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		if c := strings.Compare(a.Channel, b.Channel); c != 0 {
			return c
		}
		return int(a.Start - b.Start)
	})
}

// realEdits returns the lines of the file that GRETE_TEST_EDITS names, if it is set.
func realEdits(t *testing.T) (lines []Line) {
	t.Helper()
	name := os.Getenv("GRETE_TEST_EDITS")
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var l Line
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// Generated lines must have the properties that the other tests rely on.
func TestGenerate_HasOddLinesAndDisorder(t *testing.T) {
	lines := generate(1, 5000)
	if !slices.Equal(lines, generate(1, 5000)) {
		t.Error("the same seed makes different lines")
	}
	rows, skipped := count(lines)
	if skipped < 100 || skipped > 1000 {
		t.Errorf("%d of 5000 lines are skipped", skipped)
	}
	var edits, distinct, back int64
	for _, r := range rows {
		edits, distinct = edits+r.Edits, distinct+int64(r.Titles)
	}
	if edits != int64(5000-skipped) || distinct >= edits || distinct < edits/4 {
		t.Errorf("%d edits of %d titles, %d skipped", edits, distinct, skipped)
	}
	latest := int64(0)
	for _, l := range lines {
		latest = max(latest, l.Time)
		back = max(back, latest-l.Time)
	}
	if back <= disorder*9/10 || back > disorder {
		t.Errorf("lines are at most %d ms late, want just under %d", back, disorder)
	}
}
