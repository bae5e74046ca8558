package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/memory"
)

// A topic is a log with one topic, to which files are fed.
type topic struct {
	t      *testing.T
	system stream.System
	seen   int64
	said   []string
}

func newTopic(t *testing.T) *topic {
	t.Helper()
	system := memory.New()
	if err := system.Admin().CreateTopic(t.Context(), stream.TopicConfig{Name: "in", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	return &topic{t: t, system: system}
}

func (x *topic) feed(file string) Feed {
	x.said = nil
	return Feed{App: "app", Topic: "in", File: file, Say: func(format string, args ...any) { x.said = append(x.said, fmt.Sprintf(format, args...)) }}
}

// fed feeds a file, and checks what arrives.
func (x *topic) fed(file string, want ...string) {
	x.t.Helper()
	if _, err := x.feed(file).Run(x.t.Context(), x.system); err != nil {
		x.t.Fatal(err)
	}
	if got := x.arrived(); !slices.Equal(got, want) {
		x.t.Errorf("%s: got %q, want %q", filepath.Base(file), got, want)
	}
}

// refused feeds a file that is refused, with all of these texts in the message.
func (x *topic) refused(file string, want ...string) {
	x.t.Helper()
	_, err := x.feed(file).Run(x.t.Context(), x.system)
	if got := x.arrived(); err == nil || len(got) > 0 {
		x.t.Fatalf("%s: fed %q, error %v", filepath.Base(file), got, err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			x.t.Errorf("%q is missing in: %v", text, err)
		}
	}
}

// arrived reads the values that have come since the last call.
func (x *topic) arrived() (values []string) {
	x.t.Helper()
	c, err := x.system.OpenConsumer(x.t.Context(), stream.ConsumerConfig{MaxBytes: 64 << 20})
	tp := stream.TopicPartition{Topic: "in"}
	if err = errors.Join(err, c.Assign(tp, x.seen)); err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ends, err := x.system.Admin().Ends(x.t.Context(), tp)
	if err != nil {
		x.t.Fatal(err)
	}
	for x.seen < ends[0] {
		chunks, err := c.Poll()
		if err != nil {
			x.t.Fatal(err)
		}
		for _, chunk := range chunks {
			for _, r := range chunk.Records {
				values = append(values, string(r.Value))
			}
			x.seen = chunk.Next
			c.Release(tp)
		}
	}
	return values
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text)) // to memory
	_ = z.Close()
	return b.String()
}

func zstded(text string) string {
	z, _ := zstd.NewWriter(nil) // without options it can't fail
	return string(z.EncodeAll([]byte(text), nil))
}

func TestFeed_Content(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"lines":                        {"a\nb\r\nc\n", []string{"a", "b", "c"}},
		"blank lines":                  {"a\n\n \t \n\r\n  \r\nb\n", []string{"a", "b"}},
		"spaces that belong to a line": {" a \n", []string{" a "}},
		"a byte order mark":            {"\xef\xbb\xbfa\nb\n", []string{"a", "b"}},
		"a byte order mark alone":      {"\xef\xbb\xbf", nil},
		"a mark in the middle":         {"a\n\xef\xbb\xbfb\n", []string{"a", "\xef\xbb\xbfb"}},
		"nothing":                      {"", nil},
		"gzip":                         {gzipped("a\nb\n"), []string{"a", "b"}},
		"gzip of two members":          {gzipped("a\n") + gzipped("b\n"), []string{"a", "b"}},
		"gzip with a mark":             {gzipped("\xef\xbb\xbfa\n"), []string{"a"}},
		"gzip without a last line end": {gzipped("a\nb"), []string{"a", "b"}},
		"zstd":                         {zstded("a\nb\n"), []string{"a", "b"}},
		"zstd of two frames":           {zstded("a\n") + zstded("b\n"), []string{"a", "b"}},
		"how gzip begins, in a line":   {"a\x1f\x8b\n", []string{"a\x1f\x8b"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTopic(t)
			file := write(t, filepath.Join(t.TempDir(), "in"), test.text)
			x.fed(file, test.want...)
			x.fed(file) // once
		})
	}
}

// zstdWindowed is [zstded], with a header that makes a decoder keep 2^log bytes.
func zstdWindowed(text string, log int) string {
	var b strings.Builder
	z, _ := zstd.NewWriter(&b) // without options it can't fail
	_, _ = z.Write([]byte(text))
	_ = z.Flush() // so that the header has no size of the whole
	_ = z.Close()
	header := []byte(b.String())
	header[5] = byte(log-10) << 3
	return string(header)
}

func TestFeed_RefusesContent(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"UTF-16, little end first":   {"\xff\xfea\x00\n\x00", "encoded in UTF-16"},
		"UTF-16, big end first":      {"\xfe\xff\x00a\x00\n", "iconv -f UTF-16 -t UTF-8"},
		"UTF-16 without a mark":      {"{\x00\"\x00", "UTF-16"},
		"UTF-32":                     {"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"},
		"xz":                         {"\xfd7zXZ\x00\x00", "compressed by xz"},
		"zip":                        {"PK\x03\x04\x00", "compressed by zip"},
		"UTF-16 in gzip":             {gzipped("\xff\xfea\x00"), "UTF-16"},
		"gzip in zstd":               {zstded(gzipped("a\n")), "in gzip"},
		"half a gzip file":           {gzipped(strings.Repeat("a\n", 1000))[:20], "the gzip file is damaged or incomplete"},
		"a header that isn't gzip's": {"\x1f\x8b\x00", "gzip"},
		"half a zstd file":           {zstded(strings.Repeat("abc\n", 1000))[:10], "the zstd file is damaged or incomplete"},
		"a zstd window of 256 MB":    {zstdWindowed("a\n", 28), "the zstd file is damaged or incomplete"},
		"a line without end":         {strings.Repeat("a", maxLine+1), "longer than 64 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			newTopic(t).refused(write(t, filepath.Join(t.TempDir(), "in.log"), test.text), test.want, "in.log")
		})
	}
}

func TestFeed_LastLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in")
	for name, test := range map[string]struct {
		text, more string
		now, then  []string
	}{
		"half of an object":     {"{\"a\":1}\n{\"b\"", ":2}\n", []string{`{"a":1}`}, []string{`{"b":2}`}},
		"half of a text":        {"alpha\nbra", "vo\n", []string{"alpha"}, []string{"bravo"}},
		"half of a number":      {"1\n2", "3\n", []string{"1"}, []string{"23"}},
		"a whole object":        {"{\"a\":1}\n{\"b\":2}", "\n{\"c\":3}\n", []string{`{"a":1}`, `{"b":2}`}, []string{`{"c":3}`}},
		"between two bytes":     {"a\r", "\nb\n", nil, []string{"a", "b"}},
		"half of a byte order":  {"\xef\xbb", "\xbfa\n", nil, []string{"a"}},
		"a blank that goes on":  {"a\n  ", "b\n", []string{"a"}, []string{"b"}},
		"what never ends again": {"a\nb", "", []string{"a"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTopic(t)
			write(t, file, test.text)
			x.fed(file, test.now...)
			add(t, file, test.more)
			x.fed(file, test.then...)
			x.fed(file)
		})
	}
}

func TestFeed_LastLineOfForgottenFile(t *testing.T) {
	x := newTopic(t)
	f := x.feed(write(t, filepath.Join(t.TempDir(), "in"), "alpha\nbravo"))
	f.Forgotten = true
	if _, err := f.Run(t.Context(), x.system); err != nil {
		t.Fatal(err)
	}
	if got := x.arrived(); !slices.Equal(got, []string{"alpha", "bravo"}) {
		t.Errorf("got %q", got)
	}
}

func TestFeed_SaysThatALineWaits(t *testing.T) {
	x := newTopic(t)
	x.fed(write(t, filepath.Join(t.TempDir(), "in"), "a\nbcd"), "a")
	if len(x.said) != 1 || !strings.Contains(x.said[0], "no line end") || !strings.Contains(x.said[0], "3 bytes") {
		t.Errorf("said %q", x.said)
	}
}

func TestFeed_ReplacedFileIsRefused(t *testing.T) {
	long := strings.Repeat("a line of the old file\n", 1000)
	for name, test := range map[string]struct{ before, after string }{
		"another text":          {"a\nb\n", "c\nd\ne\nf\n"},
		"a shorter one":         {"a\nb\n", "a\n"},
		"an empty one":          {"a\nb\n", ""},
		"another end":           {long, long[:len(long)-5] + "ELSE\nmore\n"},
		"another beginning":     {long, "A" + long[1:] + "more\n"},
		"a compressed one":      {"a\nb\n", gzipped("c\nd\ne\n")},
		"lines in front of it":  {long, "new\n" + long},
		"shorter, beyond edges": {long, long[:9000]},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTopic(t)
			file := write(t, filepath.Join(t.TempDir(), "app.log"), test.before)
			x.fed(file, strings.Split(strings.TrimSuffix(test.before, "\n"), "\n")...)
			write(t, file, test.after)
			x.refused(file, "app.log", "isn't the one that was fed before", fmt.Sprintf("%d bytes", len(test.before)), "another name")
		})
	}
}

func TestFeed_RotatedFileIsFinishedFirst(t *testing.T) {
	for name, rotate := range map[string]func(t *testing.T, file string){
		"renamed": func(t *testing.T, file string) { rename(t, file, file+".1") },
		"renamed by date": func(t *testing.T, file string) {
			rename(t, file, file+"-20261130")
			write(t, file+"-20261129", "an older one\n")
		},
		"copied and truncated": func(t *testing.T, file string) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file+".1", string(text))
		},
		"compressed": func(t *testing.T, file string) {
			text, err := os.ReadFile(file)
			if err = errors.Join(err, os.Remove(file)); err != nil {
				t.Fatal(err)
			}
			write(t, file+".1.gz", gzipped(string(text)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTopic(t)
			file := write(t, filepath.Join(t.TempDir(), "app.log"), "old-1\nold-2\n")
			x.fed(file, "old-1", "old-2")
			add(t, file, "old-3\nold-4")
			rotate(t, file)
			write(t, file, "new-1\nnew-2\nnew-3\n")
			x.fed(file, "old-3", "old-4", "new-1", "new-2", "new-3")
			if len(x.said) != 1 || !strings.Contains(x.said[0], "was rotated") {
				t.Errorf("said %q", x.said)
			}
			add(t, file, "new-4\n")
			x.fed(file, "new-4")
		})
	}
}

// Rotated twice since the last start: the file in between comes between.
func TestFeed_RotatedTwice(t *testing.T) {
	x := newTopic(t)
	file := write(t, filepath.Join(t.TempDir(), "app.log"), "a\n")
	x.fed(file, "a")
	add(t, file, "b\n")
	rename(t, file, file+".3")
	write(t, file+".2.gz", gzipped("c\n"))
	write(t, file+".1", "d\n")
	write(t, file+".4", "older\n")
	write(t, file, "e\n")
	x.fed(file, "b", "c", "d", "e")
	x.fed(file)
}

func TestFeed_AmbiguousRotationIsRefused(t *testing.T) {
	x := newTopic(t)
	file := write(t, filepath.Join(t.TempDir(), "app.log"), "a\n")
	x.fed(file, "a")
	write(t, file+".1", "a\nb\n")
	write(t, file+".2", "a\nc\n")
	write(t, file, "d\n")
	x.refused(file, "app.log.1", "app.log.2", "all but one")
}

// The name of another file beside it doesn't make that one a predecessor.
func TestFeed_OtherFilesAreNoPredecessors(t *testing.T) {
	x := newTopic(t)
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "app.log"), "a\n")
	x.fed(file, "a")
	write(t, filepath.Join(dir, "other.log"), "a\nb\n")
	write(t, file, "c\n")
	x.refused(file, "another name")
}

func TestFeed_SymbolicLinkMovesOn(t *testing.T) {
	x := newTopic(t)
	dir := t.TempDir()
	link := filepath.Join(dir, "current")
	to := func(name string) {
		t.Helper()
		_ = os.Remove(link) // there is none at first
		if err := os.Symlink(name, link); err != nil {
			t.Fatal(err)
		}
	}
	first := write(t, filepath.Join(dir, "app-1.log"), "a\nb\n")
	to("app-1.log")
	x.fed(link, "a", "b")
	add(t, first, "c\n")
	write(t, filepath.Join(dir, "app-2.log"), "d\ne\nf\n")
	to("app-2.log")
	x.fed(link, "c", "d", "e", "f")
	write(t, filepath.Join(t.TempDir(), "elsewhere.log"), "g\n")
}

// A position of an earlier version has no sum: the file may only have grown.
func TestFeed_PositionWithoutSum(t *testing.T) {
	x := newTopic(t)
	file := write(t, filepath.Join(t.TempDir(), "in"), "a\nb\n")
	group, _ := x.feed(file).group()
	p, err := x.system.OpenProducer(t.Context(), stream.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Commit(t.Context(), stream.GroupOffsets{Group: group, Positions: []stream.Position{{TopicPartition: stream.TopicPartition{Topic: "in"}, Offset: 2}}})
	if err = errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
	x.fed(file, "b")
	write(t, file, "c\nd\ne\n")
	x.refused(file, "another name")
}

// The sum of a mark doesn't depend on how the file was read up to it.
func TestMark_SameHoweverRead(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		_, _ = fmt.Fprintf(&text, "line %d%s\n", i, strings.Repeat("x", i%40))
	}
	dir := t.TempDir()
	plain, packed := write(t, filepath.Join(dir, "a"), text.String()), write(t, filepath.Join(dir, "b"), gzipped(text.String()))
	var s seen
	read := int64(0)
	for line := range strings.Lines(text.String()) {
		s.add([]byte(line))
		if read += int64(len(line)); read%7 != 0 {
			continue
		}
		for _, path := range []string{plain, packed} {
			src, err := openFile(path, mark{read, s.sum()})
			if err != nil {
				t.Fatalf("%s at %d: %v", filepath.Base(path), read, err)
			}
			at, err := src.mark().pack()
			if got := unpack(at); err != nil || got != (mark{read, s.sum()}) {
				t.Errorf("at %d: %v, %v", read, got, err)
			}
			if err := src.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestFeed_Directory(t *testing.T) {
	newTopic(t).refused(t.TempDir(), "is a directory")
}

func TestFeed_IsStream(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "in"), "")
	for path, want := range map[string]bool{"-": true, "/dev/stdin": true, "/dev/fd/0": true, "/dev/null": true, fifo(t): true, file: false, t.TempDir(): false, file + "-": false} {
		if got := (Feed{File: path}).IsStream(); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
