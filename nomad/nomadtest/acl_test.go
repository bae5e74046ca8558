//go:build real

package nomadtest

import (
	"strings"
	"testing"

	"github.com/hashicorp/nomad/api"
)

func TestACL_PoliciesLimitTokens(t *testing.T) {
	c := Start(t, Options{Clients: 1, ACL: true, DefaultHeartbeats: true})
	reader := c.CreateToken(t, `namespace "default" { policy = "read" }`)
	j := job("sleeper", "raw_exec", 1, "", "/bin/sleep", "4321")
	for name, tt := range map[string]struct {
		token         string
		read, written bool
	}{
		"nobody":      {"", false, false},
		"a reader":    {reader, true, false},
		"all allowed": {c.Token(), true, true},
	} {
		client, err := api.NewClient(&api.Config{Address: c.Address(), SecretID: tt.token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		check := func(what string, may bool, err error) {
			if may != (err == nil) || err != nil && !strings.Contains(err.Error(), "Permission denied") {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		_, _, err = client.Jobs().List(nil)
		check("reading", tt.read, err)
		_, _, err = client.Jobs().Register(j, nil)
		check("writing", tt.written, err)
	}
	waitFor(t, "the task", func() bool { return len(running(t, c, "sleeper")) == 1 })
	timed(t, "the server again", func() { restartServer(t, c, 0) })
}
