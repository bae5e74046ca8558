package access

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes a file of this mode into a directory of another.
func write(t *testing.T, dirMode, mode os.FileMode, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dir")
	file := filepath.Join(dir, "token")
	for _, err := range []error{os.Mkdir(dir, 0o700), os.WriteFile(file, []byte(text), mode), os.Chmod(file, mode), os.Chmod(dir, dirMode)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func TestReadSecret_Modes(t *testing.T) {
	if !hasModes {
		t.Skip("files have no modes here")
	}
	for _, tt := range []struct {
		dir, file os.FileMode
		ok        bool
	}{
		{0o755, 0o600, true}, {0o755, 0o400, true}, {0o755, 0o640, true}, {0o755, 0o604, false}, {0o755, 0o644, false}, {0o755, 0o602, false},
		{0o700, 0o644, true}, {0o750, 0o666, true}, {0o701, 0o644, false}, {0o777, 0o444, false},
	} {
		file := write(t, tt.dir, tt.file, "s3cret")
		b, err := ReadSecret("-token-file", file)
		if (err == nil) != tt.ok || tt.ok && string(b) != "s3cret" || !tt.ok && !strings.Contains(err.Error(), "-token-file: other users can read "+file) {
			t.Errorf("a file with %v in a directory with %v: %q, %v", tt.file, tt.dir, b, err)
		}
	}
	if _, err := ReadSecret("-token-file", "none"); err == nil || !strings.HasPrefix(err.Error(), "-token-file: ") {
		t.Errorf("no file: %v", err)
	}
}

func TestReadTokens(t *testing.T) {
	for name, tt := range map[string]struct {
		file, env string
		want      string // the tokens, or words of the error
	}{
		"none":             {want: ""},
		"environment":      {env: "one", want: "one"},
		"file first":       {file: "two\n", env: "one", want: "two"},
		"two":              {file: "one\ntwo\n", want: "one two"},
		"three":            {file: "one\ntwo\nthree", want: "error: more than two"},
		"a space":          {file: "one two", want: "error: without spaces"},
		"empty file":       {file: " \n", env: "one", want: "error: the file is empty"},
		"a space outside":  {env: "one two", want: "error: GRETE_TOKEN: "},
		"two, environment": {env: "one\ntwo", want: "one two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GRETE_TOKEN", tt.env)
			file := ""
			if tt.file != "" {
				file = write(t, 0o700, 0o600, tt.file)
			}
			tokens, err := ReadTokens(file)
			if words, failed := strings.CutPrefix(tt.want, "error: "); failed {
				if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "one") {
					t.Errorf("it got %v", err)
				}
			} else if got := strings.Join(tokens, " "); err != nil || got != tt.want {
				t.Errorf("it got %q, %v", got, err)
			}
		})
	}
}

func TestReadOnlyTokens(t *testing.T) {
	t.Setenv("GRETE_READ_TOKEN", "")
	file := write(t, 0o700, 0o600, "reader")
	if got, err := ReadOnlyTokens(file, []string{"job"}); err != nil || strings.Join(got, " ") != "reader" {
		t.Errorf("it got %v, %v", got, err)
	}
	if _, err := ReadOnlyTokens(file, nil); err == nil || !strings.Contains(err.Error(), "-read-token-file "+file) {
		t.Errorf("without a token of the job: %v", err)
	}
	if _, err := ReadOnlyTokens(file, []string{"job", "reader"}); err == nil || !strings.Contains(err.Error(), "also the job's token") {
		t.Errorf("the job's token: %v", err)
	}
	t.Setenv("GRETE_READ_TOKEN", "job")
	if _, err := ReadOnlyTokens("", []string{"job"}); err == nil || !strings.Contains(err.Error(), "GRETE_READ_TOKEN") {
		t.Errorf("the job's token: %v", err)
	}
}
