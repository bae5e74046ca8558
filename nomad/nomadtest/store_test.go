package nomadtest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// request sends a request, and returns the status and the body.
func request(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestStore_KeepsFiles(t *testing.T) {
	s := StartStore(t, "X-Token", "secret")
	file := s.URL() + "/bin/a"
	right := []string{"X-Token", "secret"}
	for _, tt := range []struct {
		method, body string
		header       []string
		status       int
		answer       string
	}{
		{"GET", "", nil, 401, ""},
		{"PUT", "no", []string{"X-Token", "guessed"}, 401, ""},
		{"GET", "", right, 404, ""},
		{"PUT", "hello", right, 201, ""},
		{"HEAD", "", right, 200, ""},
		{"GET", "", right, 200, "hello"},
		{"GET", "", append([]string{"Range", "bytes=3-"}, right...), 206, "lo"},
		{"POST", "", right, 405, ""},
	} {
		status, answer := request(t, tt.method, file, tt.body, tt.header...)
		if status != tt.status || tt.answer != "" && answer != tt.answer {
			t.Errorf("%s %v: %d %q", tt.method, tt.header, status, answer)
		}
	}
	if data, ok := s.Get("/bin/a"); !ok || string(data) != "hello" {
		t.Error(string(data), ok)
	}
	if want := "GET PUT GET PUT HEAD GET GET POST"; want != strings.ReplaceAll(strings.Join(s.Requests(), " "), " /bin/a", "") {
		t.Error(s.Requests())
	}
	s.Stop()
	if _, err := http.Get(file); err == nil {
		t.Error("the store answers after its end")
	}
}

func TestStore_WithoutHeader(t *testing.T) {
	s := StartStore(t, "", "")
	s.Put("/b", []byte("x"))
	if status, answer := request(t, "GET", s.URL()+"/b", ""); status != 200 || answer != "x" {
		t.Error(status, answer)
	}
	if !slices.Equal(s.Requests(), []string{"GET /b"}) {
		t.Error(s.Requests())
	}
}
