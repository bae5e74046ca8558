package commands_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/container/httpapi/httpapitest"
)

// A job over TLS, and a command that verifies it by the name of the app.
func TestRun_OverTLS(t *testing.T) {
	t.Setenv("GRETE_TOKEN", "s3cret")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a := httpapitest.NewAuthority(t)
	a.Issue(cert, key, "words")
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`)
	address, stop := background(t, words(), "-feed", "words="+file, "-data", filepath.Join(dir, "data"), "-http-cert", cert, "-http-key", key, "-http-ca", a.File)
	defer stop()
	dump := func(args ...string) programtest.Result {
		return runMain(t.Context(), words(), append([]string{"stores", "dump", "count", "-address", address}, args...)...)
	}
	await(t, "the result", func() bool { return strings.Contains(dump("-http-ca", a.File).Succeeded(t).Out, `"a"`) })
	dump().Failed(t, "doesn't accept signed requests", "if its HTTP API is over TLS, add -http-ca FILE")
	dump("-http-ca", httpapitest.NewAuthority(t).File).Failed(t, "unknown authority")
	dump("-http-ca", "system").Failed(t, "certificate")
	t.Setenv("GRETE_HTTP_CA", a.File)
	dump().Succeeded(t)
}

func TestRun_TLSFlags(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a := httpapitest.NewAuthority(t)
	a.Issue(cert, key, "words")
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"no key":         {[]string{"-http-cert", cert}, []string{"-http-cert", "add -http-key FILE"}},
		"no certificate": {[]string{"-http-key", key}, []string{"-http-key", "add -http-cert FILE"}},
		"authority only": {[]string{"-http-ca", a.File}, []string{"-http-ca", "add -http-cert FILE"}},
		"no such file":   {[]string{"-http-cert", "none", "-http-key", key}, []string{"-http-cert", "none"}},
		"no such key":    {[]string{"-http-cert", cert, "-http-key", "none"}, []string{"-http-key", "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			if r := runMain(t.Context(), words(), append([]string{"-once"}, tt.args...)...); r.Code != 2 {
				t.Errorf("exit %d", r.Code)
			} else {
				r.Failed(t, tt.want...)
			}
		})
	}
}
