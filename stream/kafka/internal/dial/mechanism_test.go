package dial

import (
	"strings"
	"testing"
)

func TestNewMechanism_ByName(t *testing.T) {
	for name, want := range map[string]string{Plain: "PLAIN", ScramSHA256: "SCRAM-SHA-256", ScramSHA512: "SCRAM-SHA-512"} {
		if m, err := newMechanism(name, "ann", "hunter2"); err != nil || m.Name() != want {
			t.Errorf("%s is %v, %v", name, m, err)
		}
	}
	for _, bad := range []struct{ name, user, password string }{
		{"", "", ""}, {"digest", "ann", ""}, {Plain, "", ""}, {ScramSHA256, "ann", "hunter2\x00"},
	} {
		_, err := newMechanism(bad.name, bad.user, bad.password)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error of %v is %v", bad, err)
		}
	}
}
