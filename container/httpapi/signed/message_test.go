package signed

import (
	"net/http"
	"testing"
)

// No two messages have the same bytes under the MAC.
func TestMAC_Unambiguous(t *testing.T) {
	seen := make(map[string]int)
	for i, m := range []struct {
		h      http.Header
		fields []string
	}{
		{nil, []string{"ab", "c"}}, {nil, []string{"a", "bc"}}, {nil, []string{"abc", ""}}, {nil, []string{"", "abc"}}, {nil, []string{"abc"}},
		{http.Header{"Grete-A": {"1", "2"}}, nil}, {http.Header{"Grete-A": {"12"}}, nil}, {http.Header{"Grete-A": {"1"}, "Grete-B": {"2"}}, nil},
		{http.Header{"Grete-A": {"1", ""}}, nil}, {http.Header{"Grete-A": {""}}, nil}, {nil, nil}, {http.Header{"Accept": {""}}, nil},
		{http.Header{"Content-Type": {""}}, nil}, {nil, []string{"Grete-A"}},
	} {
		got := mac("k", m.h, m.fields...)
		if j, ok := seen[got]; ok {
			t.Errorf("messages %d and %d have the same signature", i, j)
		}
		seen[got] = i
	}
	// What the other side reads the same is signed the same.
	if mac("k", http.Header{"Grete-A": {" 1 "}, "X-Other": {"1"}}) != mac("k", http.Header{"Grete-A": {"1"}, "Content-Type": nil}) {
		t.Error("headers that are the same on the wire are signed differently")
	}
}
