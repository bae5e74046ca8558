//go:build broker

package kafkatest

import (
	"io"
	"os"
	"strings"
	"testing"
)

// TestBroker is a broker that the tests of several packages share, by way of
// GRETE_TEST_KAFKA: .tools/with-kafka runs it. It writes its address to the file that
// GRETE_BROKER_FILE names, and ends when its standard input does.
func TestBroker(t *testing.T) {
	file := os.Getenv("GRETE_BROKER_FILE")
	if file == "" {
		t.Skip("GRETE_BROKER_FILE isn't set")
	}
	c := Start(t, Options{})
	part := file + ".part"
	if err := os.WriteFile(part, []byte(strings.Join(c.Bootstrap(), ",")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(part, file); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
}
