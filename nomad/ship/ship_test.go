package ship

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is told what is being done.
func quiet(string, ...any) {}

// built is a program that does nothing, built with some flags.
func built(t *testing.T, args ...string) *Program {
	t.Helper()
	dir := t.TempDir()
	source, file := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build", "-o", file}, args...), source)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheck_ComparesBuildWithFlags(t *testing.T) {
	memory, rocks := built(t), built(t, "-tags", "rocksdb,x")
	here := Platform{runtime.GOOS, runtime.GOARCH}
	dynamic := *rocks
	dynamic.static = false
	for name, test := range map[string]struct {
		program *Program
		wanted  Wanted
		err     string // "": it will do
	}{
		"memory":                  {memory, Wanted{here, true}, ""},
		"RocksDB":                 {rocks, Wanted{here, false}, ""},
		"memory, and not RocksDB": {memory, Wanted{here, false}, "it was built without -tags rocksdb: say -state memory"},
		"RocksDB, and not memory": {rocks, Wanted{here, true}, "-state memory isn't true of it"},
		"dynamic":                 {&dynamic, Wanted{here, false}, "link it statically, by: CGO_ENABLED=1"},
		"another platform":        {rocks, Wanted{Platform{"plan9", "386"}, false}, "the nodes are plan9/386"},
	} {
		err := test.program.Check(test.wanted)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if self, err := Read(os.Args[0]); err != nil || self.Size == 0 || len(self.SHA256) != 64 || self.SHA256 == memory.SHA256 {
		t.Errorf("this program: %+v, %v", self, err)
	}
}

func TestBuild_ForAnotherPlatform(t *testing.T) {
	p := Platform{"linux", "arm64"}
	info := *built(t).Info
	info.Path = "github.com/gretestream/grete/nomad/ship/testdata/nothing"
	got, err := Build(t.Context(), Wanted{p, true}, &info, filepath.Join(t.TempDir(), "out"))
	if err != nil || got.Platform() != p || !got.static {
		t.Errorf("%v: %+v, %v", p, got, err)
	}
}

func TestBuild_ExplainsFailure(t *testing.T) {
	here, program := Platform{"linux", runtime.GOARCH}, built(t)
	for name, test := range map[string]struct {
		wanted Wanted
		path   string
		err    string
	}{
		"a file":           {Wanted{here, true}, "command-line-arguments", "run that by its directory"},
		"elsewhere":        {Wanted{here, true}, "example.org/elsewhere", "it isn't in the module of the working directory"},
		"another platform": {Wanted{Platform{"linux", "none"}, false}, "example.org/x", "RocksDB for linux/none can't be built here"},
		"a wrong platform": {Wanted{Platform{"linux", "none"}, true}, "github.com/gretestream/grete/nomad/ship/testdata/nothing", "linux/none"},
	} {
		info := *program.Info
		info.Path = test.path
		if _, err := Build(t.Context(), test.wanted, &info, filepath.Join(t.TempDir(), "out")); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A store serves an object store, and notes its requests.
type store struct {
	*httptest.Server
	files    map[string][]byte
	requests []string
	put      int  // what a PUT is answered with
	noHead   bool // it knows GET alone
	closed   bool // it shows nothing without the header
}

func startStore(t *testing.T) *store {
	s := &store{files: map[string][]byte{}, put: http.StatusCreated}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.Method+" "+r.Header.Get("X-Key"))
	switch b, ok := s.files[r.URL.Path]; {
	case r.Method == http.MethodHead && s.noHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Method == http.MethodPut && s.put/100 == 2:
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.files[r.URL.Path] = b
		w.WriteHeader(s.put)
	case r.Method == http.MethodPut:
		http.Error(w, "not with the key "+r.Header.Get("X-Key"), s.put)
	case s.closed && r.Header.Get("X-Key") == "":
		w.WriteHeader(http.StatusForbidden)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		_, _ = w.Write(b)
	}
}

// put puts a program to a store, by a secret header.
func (s *store) ship(t *testing.T, p *Program) (string, error) {
	t.Helper()
	header := filepath.Join(t.TempDir(), "header")
	if err := os.WriteFile(header, []byte("X-Key: hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := OpenStore(s.URL+"/programs/", header)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	return to.Put(t.Context(), p, quiet)
}

func TestStore_PutsProgramOnce(t *testing.T) {
	p := built(t)
	file, err := os.ReadFile(p.File)
	if err != nil {
		t.Fatal(err)
	}
	place := "/programs/" + p.SHA256
	for name, test := range map[string]struct {
		prepare func(*store)
		want    []string
	}{
		"empty":       {func(*store) {}, []string{"HEAD ", "PUT hunter2", "HEAD "}},
		"has it":      {func(s *store) { s.files[place] = file }, []string{"HEAD "}},
		"has a part":  {func(s *store) { s.files[place] = file[:9] }, []string{"HEAD ", "PUT hunter2", "HEAD "}},
		"has no HEAD": {func(s *store) { s.noHead = true }, []string{"HEAD ", "GET ", "PUT hunter2", "HEAD ", "GET "}},
	} {
		s := startStore(t)
		test.prepare(s)
		at, err := s.ship(t, p)
		if err != nil || at != s.URL+place || !bytes.Equal(s.files[place], file) || !slices.Equal(s.requests, test.want) {
			t.Errorf("%s: %s, %v; requests %q", name, at, err, s.requests)
		}
	}
}

func TestStore_ExplainsFailures(t *testing.T) {
	p := built(t)
	for name, test := range map[string]struct {
		prepare func(*store)
		want    string
	}{
		"refuses":         {func(s *store) { s.put = http.StatusUnauthorized }, "the store refuses the program: PUT "},
		"says why":        {func(s *store) { s.put = http.StatusUnauthorized }, "not with the key …"},
		"sends elsewhere": {func(s *store) { s.put = http.StatusTemporaryRedirect }, "307 "},
		"can't be read":   {func(s *store) { s.closed = true }, "nodes, which send no header, can't fetch the program: HEAD "},
		"is gone":         {func(s *store) { s.Close() }, "connect: connection refused"},
	} {
		s := startStore(t)
		test.prepare(s)
		if _, err := s.ship(t, p); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenStore_RefusesBadURLsAndHeaders(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ url, header, want string }{
		{"store", "", "must begin with http:// or https://"},
		{"ftp://store", "", "must begin with http:// or https://"},
		{"https://ann:hunter2@store", "", "must not have a user, a password or a query"},
		{"https://store?key=hunter2", "", "must not have a user, a password or a query"},
		{"https://ann:hunter2@%zz", "", "not a URL"},
		{"https://store", filepath.Join(dir, "none"), "no such file"},
		{"https://store", text, "must have one line, Name: value"},
	} {
		if _, err := OpenStore(test.url, test.header); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s, %s: %v", test.url, test.header, err)
		}
	}
}

func TestServe_ServesProgramOnly(t *testing.T) {
	p := built(t)
	first, err := Serve(t.Context(), p, "127.0.0.1", "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := Serve(t.Context(), p, "127.0.0.1", first.URL()) // its port is taken
	if err != nil || other.URL() == first.URL() {
		t.Fatalf("%v, %v", other, err)
	}
	for url, want := range map[string]int{other.URL(): 200, other.URL() + "x": 404} {
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != want || want == 200 && n != p.Size {
			t.Errorf("%s: %s, %d bytes, %v", url, res.Status, n, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	again, err := Serve(t.Context(), p, "127.0.0.1", first.URL())
	if err != nil || again.URL() != first.URL() {
		t.Errorf("%v, %v", again, err)
	}
	for _, s := range []*Server{other, again} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
