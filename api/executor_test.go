package api

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// parse parses a command line of words, and returns what was parsed.
func parse(t *testing.T, args ...string) (*runCommand, *kong.Context) {
	t.Helper()
	var cmds commands
	parser, err := kong.New(&cmds, kafkaGroup())
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(twoDashes(args))
	if err != nil {
		t.Fatal(err)
	}
	return &cmds.Run, parsed
}

// Each process gets what was said to the first, but for what that does itself and what
// each must have for itself.
func TestProcessArgs(t *testing.T) {
	withoutKafka(t)
	t.Setenv("GRETE_KAFKA_PASSWORD", "secret")
	t.Setenv("GRETE_TOKEN", "secret")
	data := filepath.Join(t.TempDir(), "data")
	for name, test := range map[string]struct {
		args  []string
		first []string
		third []string // if it has another one
	}{
		"nothing else": {nil, []string{"--http=127.0.0.1:0"}, nil},
		"what all get": {
			[]string{
				"-kafka", "a:1,b:2", "-kafka-tls=false", "-kafka-key", "k.pem", "-at-least-once", "-session-timeout=90s", "-memory", "64MB",
				"-memory", "128MB", "-partitions=3", "-standbys", "0", "-kafka-config", "a file", "-kafka-user", "", "-token-file=-t",
			},
			[]string{
				"--kafka=a:1,b:2", "--kafka-tls=false", "--kafka-key=k.pem", "--at-least-once=true", "--session-timeout=1m30s", "--memory=128MB",
				"--partitions=3", "--standbys=0", "--kafka-config=a file", "--kafka-user=", "--token-file=-t", "--http=127.0.0.1:0",
			}, nil,
		},
		"what the first does": {
			[]string{"run", "-feed", "words=f", "-key=words=word", "-print", "counts"},
			[]string{"--http=127.0.0.1:0"}, nil,
		},
		"an address": {
			[]string{"-http", "h:80", "-advertise", "h.example:80"},
			[]string{"--http=h:80", "--advertise=h.example:80"}, []string{"--http=h:0"},
		},
		"all addresses":   {[]string{"-http=:80"}, []string{"--http=:80"}, []string{"--http=:0"}},
		"an IPv6 address": {[]string{"-http", "[::1]:80"}, []string{"--http=[::1]:80"}, []string{"--http=[::1]:0"}},
		"no address":      {[]string{"-http", "off"}, []string{"--http=off"}, nil},
		"an empty one":    {[]string{"-http="}, []string{"--http="}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, parsed := parse(t, append(test.args, "-processes", "3", "-data", data)...)
			r := &run{runCommand: *c, parsed: parsed}
			all := r.processArgs()
			if len(all) != 3 {
				t.Fatalf("%d processes", len(all))
			}
			if test.third == nil {
				test.third = test.first
			}
			for i, want := range map[int][]string{0: test.first, 2: test.third} {
				dir := "--data=" + filepath.Join(data, strconv.Itoa(i+1))
				http := slices.IndexFunc(want, func(a string) bool { return strings.HasPrefix(a, "--http") })
				want = slices.Concat([]string{"run"}, want[:http], []string{dir}, want[http:])
				if !slices.Equal(all[i], want) {
					t.Errorf("process %d gets\n%q, want\n%q", i+1, all[i], want)
				}
			}
			// It means the same when it is read again.
			again, _ := parse(t, all[0]...)
			same := *c
			same.Processes, same.Data, same.Feed, same.Key, same.Print = nil, filepath.Join(data, "1"), nil, nil, ""
			if !reflect.DeepEqual(*again, same) {
				t.Errorf("read again\n%+v, want\n%+v", *again, same)
			}
		})
	}
}

// Flags of all kinds are rendered so that they are read as they were.
func TestGiven(t *testing.T) {
	type flags struct {
		List    []string `help:"Words."`
		Numbers []int    `sep:";" help:"Numbers."`
		Whole   []string `sep:"none" help:"Words with commas."`
		Flag    bool     `negatable:"" default:"true" help:"Yes or no."`
		Open    string   `default:"open" help:"Left open."`
		Ratio   float64  `short:"r" help:"A number."`
	}
	read := func(args ...string) (flags, []string) {
		t.Helper()
		var f flags
		parser, err := kong.New(&f)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.Parse(args)
		if err != nil {
			t.Fatal(err)
		}
		return f, given(parsed, "nothing")
	}
	_, got := read("--list=a,b", `--list=c\,d`, "--numbers=1;2", "--whole=a,b", "--whole", "c", "--no-flag", "-r", "0.5")
	want := []string{"--list=a", "--list=b", `--list=c\,d`, "--numbers=1", "--numbers=2", "--whole=a,b", "--whole=c", "--flag=false", "--ratio=0.5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	f, again := read(got...)
	if !slices.Equal(again, want) || !slices.Equal(f.List, []string{"a", "b", "c,d"}) || f.Flag || f.Open != "open" {
		t.Errorf("read again: %+v, %q", f, again)
	}
}

// The embedded log is for one process, which is told before anything is done.
func TestProcessesNeedKafka(t *testing.T) {
	withoutKafka(t)
	data := filepath.Join(t.TempDir(), "data")
	r := runMain(t.Context(), words(), "-processes", "2", "-data", data)
	r.failed(t, "-processes 2", "embedded log", "-containers 2", "-kafka HOST:PORT", "see -help")
	if _, err := os.Stat(data); r.code != 2 || err == nil {
		t.Errorf("exit %d, data directory: %v", r.code, err)
	}
}
