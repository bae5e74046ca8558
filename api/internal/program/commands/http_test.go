package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
)

// Wrong -http, -advertise and tokens are reported before anything is done.
func TestRun_HTTPFlags(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	token, empty := programtest.WriteFile(t, filepath.Join(dir, "token"), "s3cret\n"), programtest.WriteFile(t, filepath.Join(dir, "empty"), "\n")
	spaced := programtest.WriteFile(t, filepath.Join(dir, "spaced"), "s3cret word")
	for name, tt := range map[string]struct {
		args []string
		env  string
		want []string // in the message; none: all is well
	}{
		"nothing":                {},
		"off":                    {args: []string{"-http", "off"}},
		"all interfaces":         {args: []string{"-http", ":0"}, want: []string{"-http :0", "-token-file FILE", "GRETE_TOKEN"}},
		"another host":           {args: []string{"-http", "10.0.0.1:80"}, want: []string{"no token"}},
		"a token in a file":      {args: []string{"-http", ":0", "-token-file", token}},
		"one in the environment": {args: []string{"-http", "[::1]:0"}, env: "s3cret"},
		"no such file":           {args: []string{"-token-file", filepath.Join(dir, "none")}, want: []string{"-token-file", "none"}},
		"an empty file":          {args: []string{"-token-file", empty}, want: []string{"empty"}},
		"a token of two words":   {args: []string{"-token-file", spaced}, want: []string{"without spaces"}},
		"no port":                {args: []string{"-http", "localhost"}, want: []string{"HOST:PORT"}},
		"advertises nobody":      {args: []string{"-advertise", ":80"}, want: []string{"-advertise"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GRETE_TOKEN", tt.env)
			file := programtest.WriteFile(t, filepath.Join(t.TempDir(), "words.json"), `{"word":"a"}`)
			r := runMain(t.Context(), words(), append([]string{"-feed", "words=" + file, "-once"}, tt.args...)...)
			if strings.Contains(r.Err, "s3cret") {
				t.Errorf("the token is shown:\n%s", r.Err)
			}
			if tt.want == nil {
				if r.Succeeded(t); strings.Contains(r.Err, "/api/v1/job") != (name != "off") || strings.Contains(r.Err, "[::]") ||
					strings.Contains(r.Err, "others reach this process at") != (name == "a token in a file") {
					t.Errorf("it says\n%s", r.Err)
				}
				return
			}
			if r.Failed(t, tt.want...); r.Code != 2 {
				t.Errorf("exit %d", r.Code)
			}
		})
	}
	if _, err := os.Stat(".grete"); err == nil {
		t.Error("something was left behind")
	}
}
