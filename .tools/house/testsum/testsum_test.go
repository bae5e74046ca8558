package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// say returns a command that prints lines like go test -json, and exits with a code.
func say(t *testing.T, code string, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "events")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "it=cat " + file + "; exit " + code
}

const (
	start    = `{"Action":"start","Package":"m/p"}`
	okLine   = `{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t0.1s\n"}`
	pass     = `{"Action":"pass","Package":"m/p"}`
	fail     = `{"Action":"fail","Package":"m/p"}`
	runA     = `{"Action":"run","Package":"m/p","Test":"A"}`
	passA    = `{"Action":"pass","Package":"m/p","Test":"A"}`
	failA    = `{"Action":"fail","Package":"m/p","Test":"A"}`
	saidA    = `{"Action":"output","Package":"m/p","Test":"A","Output":"    a_test.go:3: wrong\n"}`
	runSub   = `{"Action":"run","Package":"m/p","Test":"A/x"}`
	passSub  = `{"Action":"pass","Package":"m/p","Test":"A/x"}`
	failSub  = `{"Action":"fail","Package":"m/p","Test":"A/x"}`
	runS     = `{"Action":"run","Package":"m/p","Test":"S"}`
	whyS     = `{"Action":"output","Package":"m/p","Test":"S","Output":"    s_test.go:9: no broker\n"}`
	skipS    = `{"Action":"skip","Package":"m/p","Test":"S"}`
	buildOut = `{"Action":"build-output","ImportPath":"m/p","Output":"p.go:1: no such thing\n"}`
)

func TestRun_OneCommand(t *testing.T) {
	tests := map[string]struct {
		code   string
		events []string
		ci     bool
		allow  string
		ok     bool
		want   []string
	}{
		"all pass": {"0", []string{start, runA, saidA, passA, okLine, pass}, true, "",
			true, []string{"ok  \tm/p", "1 passed, 0 failed, 0 skipped"}},
		"a failure with its message": {"1", []string{start, runA, saidA, failA, fail}, false, "",
			false, []string{"a_test.go:3: wrong", "it: m/p A\n      a_test.go:3: wrong\n", "0 passed, 1 failed, 0 skipped"}},
		"subtests count instead of their parent": {"1", []string{start, runA, runSub, failSub, failA, fail}, false, "",
			false, []string{"it: m/p A/x", "0 passed, 1 failed, 0 skipped"}},
		"a parent that fails on its own": {"1", []string{start, runA, runSub, passSub, failA, fail}, false, "",
			false, []string{"1 passed, 1 failed, 0 skipped"}},
		"the process dies": {"2", []string{start, runA, fail}, false, "",
			false, []string{"it: m/p A", "0 passed, 1 failed, 0 skipped"}},
		"the process dies without output": {"2", []string{start, runA}, false, "",
			false, []string{"0 passed, 1 failed, 0 skipped"}},
		"it doesn't compile": {"1", []string{buildOut, start, fail}, false, "",
			false, []string{"no such thing", "it: m/p\n", "0 passed, 1 failed, 0 skipped"}},
		"go test fails though all pass": {"1", []string{start, runA, passA, okLine, pass}, false, "",
			false, []string{"it: exit status 1", "1 passed, 0 failed, 0 skipped"}},
		"a skip is listed": {"0", []string{start, runS, whyS, skipS, pass}, false, "",
			true, []string{"m/p S: s_test.go:9: no broker (not allowed in CI)", "0 passed, 0 failed, 1 skipped"}},
		"a skip fails CI": {"0", []string{start, runS, whyS, skipS, pass}, true, "x S other package",
			false, []string{"0 passed, 0 failed, 1 skipped"}},
		"an allowed skip doesn't fail CI": {"0", []string{start, runS, whyS, skipS, pass}, true, "# list\n\np S it costs money",
			true, []string{"(allowed: it costs money)", "0 passed, 0 failed, 1 skipped"}},
		"other output is printed": {"0", []string{"warning: odd", start, pass}, false, "",
			true, []string{"warning: odd\n"}},
		"a plain go test that passes": {"0", []string{"ok  \tm/p\t0.1s", "?   \tm/q\t[no test files]"}, true, "",
			true, []string{"ok  \tm/p\t0.1s\n", "0 passed, 0 failed, 0 skipped"}},
		"a plain go test that fails": {"1", []string{"--- FAIL: A (0.1s)", "FAIL", "FAIL\tm/p\t0.1s", "FAIL"}, false, "",
			false, []string{"--- FAIL: A (0.1s)\n", "\nFailed:\n  it: m/p\n", "0 passed, 1 failed, 0 skipped"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			allow := filepath.Join(t.TempDir(), "allow")
			if err := os.WriteFile(allow, []byte(tt.allow), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			ok, err := run(&out, allow, tt.ci, []string{say(t, tt.code, tt.events...)})
			if err != nil {
				t.Fatal(err)
			}
			if ok != tt.ok {
				t.Errorf("ok is %v, want %v; output:\n%s", ok, tt.ok, out.String())
			}
			for _, w := range tt.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("output lacks %q:\n%s", w, out.String())
				}
			}
		})
	}
}

func TestRun_TotalOfSeveralCommands(t *testing.T) {
	var out strings.Builder
	one := say(t, "0", start, runA, passA, okLine, pass)
	ok, err := run(&out, "", true, []string{one, one})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if !strings.HasSuffix(out.String(), "\n2 passed, 0 failed, 0 skipped\n") {
		t.Errorf("last line isn't the total:\n%s", out.String())
	}
}

// Each of the two commands waits for the other one, at a pipe.
func TestRun_Concurrently(t *testing.T) {
	dir := t.TempDir()
	there, back := filepath.Join(dir, "there"), filepath.Join(dir, "back")
	for _, pipe := range []string{there, back} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	passing := strings.TrimPrefix(say(t, "0", start, runA, passA, okLine, pass), "it=")
	failing := strings.TrimPrefix(say(t, "1", start, runA, failA, fail), "it=")
	var out strings.Builder
	ok, err := run(&out, "", true, []string{
		"one=timeout 20 sh -c 'echo > " + there + "; cat " + back + "'; " + passing,
		"+two=timeout 20 sh -c 'cat " + there + "; echo > " + back + "' || exit 3; " + failing,
		"three=" + passing,
	})
	if err != nil || ok {
		t.Fatal(ok, err)
	}
	for _, w := range []string{"two: exit status 1", "  two: m/p A\n", "\n2 passed, 1 failed, 0 skipped\n"} {
		if !strings.Contains(out.String(), w) {
			t.Errorf("output lacks %q:\n%s", w, out.String())
		}
	}
	if one, two := strings.Index(out.String(), "== one: 0 s"), strings.Index(out.String(), "== two: "); one < 0 || two < one {
		t.Errorf("the outputs are mixed:\n%s", out.String())
	}
}

func TestRun_InvalidArguments(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "allow")
	if err := os.WriteFile(bad, []byte("p S\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][2]string{
		"a missing list":             {"nowhere", "it=true"},
		"a skip without its reason":  {bad, "it=true"},
		"a command without a label":  {"", "true"},
		"a list that is a directory": {t.TempDir(), "it=true"},
	} {
		if _, err := run(&strings.Builder{}, args[0], false, []string{args[1]}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := run(&strings.Builder{}, "", false, nil); err == nil {
		t.Error("no command: no error")
	}
}
