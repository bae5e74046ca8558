package run

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/programtest"
)

// parse parses a command line, and returns the command.
func parse(t *testing.T, args ...string) (*Command, *kong.Context) {
	t.Helper()
	var commands Commands
	parsed, err := program.Parse(args, &commands)
	if err != nil {
		t.Fatal(err)
	}
	return &commands.Run, parsed
}

// Each process gets the flags of the one that starts it, except for what that does itself
// and what each process must have for itself.
func TestProcessArgs_OmitFlagsOfParent(t *testing.T) {
	programtest.WithoutKafka(t)
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
		"a name":          {[]string{"-instance=east", "-http=off"}, []string{"--http=off", "--instance=east-1"}, []string{"--http=off", "--instance=east-3"}},
		"all addresses":   {[]string{"-http=:80"}, []string{"--http=:80"}, []string{"--http=:0"}},
		"an IPv6 address": {[]string{"-http", "[::1]:80"}, []string{"--http=[::1]:80"}, []string{"--http=[::1]:0"}},
		"no address":      {[]string{"-http", "off"}, []string{"--http=off"}, nil},
		"an empty one":    {[]string{"-http="}, []string{"--http="}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, parsed := parse(t, append(test.args, "-processes", "3", "-data", data)...)
			s := &settings{Command: *c, args: givenTo(parsed)}
			all := s.processArgs(data)
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
			if same.Instance != "" {
				same.Instance += "-1"
			}
			same.Processes, same.Data, same.Feed, same.Key, same.Print = nil, filepath.Join(data, "1"), nil, nil, nil
			if !reflect.DeepEqual(*again, same) {
				t.Errorf("read again\n%+v, want\n%+v", *again, same)
			}
		})
	}
}

// The embedded log is for one process; -processes is refused before anything is done.
func TestProcesses_NeedKafka(t *testing.T) {
	programtest.WithoutKafka(t)
	data := filepath.Join(t.TempDir(), "data")
	r := programtest.Run(t.Context(), programtest.Words(), []any{&Commands{}}, "-processes", "2", "-data", data)
	r.Failed(t, "-processes 2", "embedded log", "-containers 2", "-kafka HOST:PORT", "see -help")
	if _, err := os.Stat(data); r.Code != 2 || err == nil {
		t.Errorf("exit %d, data directory: %v", r.Code, err)
	}
}
