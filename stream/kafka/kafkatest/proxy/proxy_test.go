package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gretestream/grete/stream/harnesstest"
)

// echo starts a server that returns what it receives.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", harnesstest.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func startProxy(t *testing.T, target string) (*Proxy, func() net.Conn) {
	p, err := Listen(t.Context(), harnesstest.Address(0), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, func() net.Conn {
		conn, err := net.Dial("tcp", p.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(time.Minute))
		return conn
	}
}

// exchange sends bytes and returns how long it took until they were back.
func exchange(conn net.Conn, n int) (time.Duration, error) {
	begun := time.Now()
	sent := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
	wrote := make(chan error, 1)
	go func() {
		_, err := conn.Write(sent)
		wrote <- err
	}()
	got := make([]byte, n)
	_, err := io.ReadFull(conn, got)
	err = errors.Join(err, <-wrote)
	if err == nil && !bytes.Equal(got, sent) {
		err = errors.New("other bytes came back")
	}
	return time.Since(begun), err
}

func TestProxy_DelaysAndLimits(t *testing.T) {
	p, dial := startProxy(t, echo(t))
	conn := dial()
	if took, err := exchange(conn, 1<<20); err != nil || took > 10*time.Second {
		t.Fatal(took, err)
	}
	p.Latency(100 * time.Millisecond)
	if took, err := exchange(conn, 1<<20); err != nil || took < 200*time.Millisecond || took > 10*time.Second {
		t.Errorf("with 100 ms each way: took %v, %v", took, err)
	}
	p.Latency(0)
	p.Limit(100_000)
	if took, err := exchange(conn, 30_000); err != nil || took < 250*time.Millisecond || took > 10*time.Second {
		t.Errorf("30 KB at 100 KB/s: took %v, %v", took, err)
	}
	// All connections share the limit.
	other := dial()
	done := make(chan time.Duration)
	begun := time.Now()
	for _, c := range []net.Conn{conn, other} {
		go func() {
			_, err := exchange(c, 20_000)
			if err != nil {
				t.Error(err)
			}
			done <- time.Since(begun)
		}()
	}
	if took := max(<-done, <-done); took < 350*time.Millisecond {
		t.Errorf("two times 20 KB at 100 KB/s: took %v", took)
	}
	// Healing ends a long wait.
	p.Limit(1)
	healed := time.AfterFunc(100*time.Millisecond, p.Heal)
	defer healed.Stop()
	if took, err := exchange(conn, 10_000); err != nil || took < 90*time.Millisecond || took > 10*time.Second {
		t.Errorf("lifted after 100 ms: took %v, %v", took, err)
	}
}

func TestProxy_StallsWithoutLoss(t *testing.T) {
	p, dial := startProxy(t, echo(t))
	conn := dial()
	if _, err := exchange(conn, 10); err != nil {
		t.Fatal(err)
	}
	p.Stall()
	for _, c := range []net.Conn{conn, dial()} {
		c.SetDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := exchange(c, 10); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a stalled connection: %v", err)
		}
	}
	p.Heal()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Errorf("data of a stalled connection is lost: %v", err)
	}
}

func TestProxy_CutsConnections(t *testing.T) {
	p, dial := startProxy(t, echo(t))
	conn := dial()
	if _, err := exchange(conn, 10); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	for name, c := range map[string]net.Conn{"an old": conn, "a new": dial()} {
		if _, err := exchange(c, 10); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s connection, cut: %v", name, err)
		}
	}
	p.Heal()
	if _, err := exchange(dial(), 10); err != nil {
		t.Error(err)
	}
}

// When one side closes its connection, the other side must be closed, too.
func TestProxy_ClosesBothSides(t *testing.T) {
	l, err := net.Listen("tcp", harnesstest.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, dial := startProxy(t, l.Addr().String())
	for _, clientCloses := range []bool{true, false} {
		client := dial()
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		server.SetDeadline(time.Now().Add(time.Minute))
		closer, other := client, server
		if !clientCloses {
			closer, other = server, client
		}
		closer.Write([]byte("bye"))
		closer.Close()
		if got, err := io.ReadAll(other); string(got) != "bye" || err != nil {
			t.Errorf("client closes: %v: received %q, %v", clientCloses, got, err)
		}
	}
	l.Close()
	if _, err := exchange(dial(), 10); err == nil {
		t.Error("an exchange succeeded without a broker")
	}
}
