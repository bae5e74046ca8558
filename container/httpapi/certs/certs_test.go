package certs

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gretestream/grete/container/httpapi/httpapitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve accepts connections over TLS.
func serve(t *testing.T, s *Server) (address string) {
	var config net.ListenConfig
	plain, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(plain, s.Config())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).HandshakeContext(t.Context())
			_ = c.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return plain.Addr().String()
}

// dial dials a server, and returns the serial number of its certificate.
func dial(t *testing.T, c *Client, address string) (serial string, err error) {
	t.Helper()
	var dialer net.Dialer
	conn, err := c.Dialer(dialer.DialContext)(t.Context(), "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

// files has names for a certificate and its key.
func files(t *testing.T) (cert, key string) {
	dir := t.TempDir()
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

func none(t *testing.T) func(error) { return func(err error) { t.Errorf("reading again: %v", err) } }

func TestClient_VerifiesServers(t *testing.T) {
	own, foreign := httpapitest.NewAuthority(t), httpapitest.NewAuthority(t)
	for name, tt := range map[string]struct {
		by    *httpapitest.Authority
		names []string
		want  string // in the error; "": none
	}{
		"host":              {own, []string{"127.0.0.1"}, ""},
		"app":               {own, []string{"shop"}, ""},
		"another host":      {own, []string{"127.0.0.2", "shop2", "*.shop"}, "not for shop, the name of the app"},
		"another authority": {foreign, []string{"127.0.0.1", "shop"}, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			cert, key := files(t)
			tt.by.Issue(cert, key, tt.names...)
			server, err := NewServer(cert, key, none(t))
			if err != nil {
				t.Fatal(err)
			}
			address := serve(t, server)
			pem, err := os.ReadFile(own.File)
			if err != nil {
				t.Fatal(err)
			}
			fromFile, err := NewClient("shop", own.File, none(t))
			if err != nil {
				t.Fatal(err)
			}
			fromText, err := NewClientOf("shop", string(pem))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*Client{fromFile, fromText} {
				if _, err := dial(t, c, address); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
					t.Errorf("it got %v", err)
				}
			}
			system, err := NewClient("shop", System, none(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := dial(t, system, address); err == nil {
				t.Error("the authorities of this machine are said to have issued it")
			}
		})
	}
}

// Certificates and authorities are replaced while connections are made. Files of which only
// one is replaced yet, or that are broken, change nothing.
func TestServer_Rotation(t *testing.T) {
	a := httpapitest.NewAuthority(t)
	cert, key := files(t)
	a.Issue(cert, key, "127.0.0.1")
	failures := 0
	server, err := NewServer(cert, key, func(error) { failures++ })
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	server.certificate.now = func() time.Time { return clock }
	address := serve(t, server)
	client, err := NewClient("shop", a.File, none(t))
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		t.Helper()
		clock = clock.Add(checkInterval)
		serial, err := dial(t, client, address)
		if err != nil {
			t.Fatal(err)
		}
		return serial
	}
	first := ask()
	newCert, newKey := files(t)
	a.Issue(newCert, newKey, "shop")
	replace(t, newCert, cert)
	if got := ask(); got != first || failures == 0 {
		t.Errorf("with one of two files it serves %s, %d failures", got, failures)
	}
	replace(t, newKey, key)
	second := ask()
	if second == first {
		t.Error("the new certificate isn't served")
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != second {
		t.Errorf("with a broken file it serves %s, want %s", got, second)
	}
}

func TestClient_Rotation(t *testing.T) {
	old, now := httpapitest.NewAuthority(t), httpapitest.NewAuthority(t)
	cert, key := files(t)
	now.Issue(cert, key, "127.0.0.1")
	server, err := NewServer(cert, key, none(t))
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, server)
	client, err := NewClient("shop", old.File, none(t))
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	client.roots.now = func() time.Time { return clock }
	if _, err := dial(t, client, address); err == nil {
		t.Error("the old authority has issued it")
	}
	replace(t, now.File, old.File)
	clock = clock.Add(checkInterval)
	if _, err := dial(t, client, address); err != nil {
		t.Errorf("the new authority: %v", err)
	}
}

func replace(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestFiles_Wrong(t *testing.T) {
	cert, key := files(t)
	if _, err := NewServer(cert, key, none(t)); err == nil || !strings.Contains(err.Error(), cert) {
		t.Errorf("no files: %v", err)
	}
	if _, err := NewClient("shop", cert, none(t)); err == nil {
		t.Error("no authority is accepted")
	}
	if err := os.WriteFile(cert, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient("shop", cert, none(t)); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("no certificate: %v", err)
	}
}
