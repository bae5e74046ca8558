package kafka

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka/internal/dial"
)

// Options say which cluster to use, and as whom. The zero value of every field
// but Brokers works.
type Options struct {
	// Brokers are the addresses to begin with, as host:port: one that answers is
	// enough, it knows the others.
	Brokers []string
	// ClientID is how the brokers' logs and quotas call this client; "" means
	// "grete".
	ClientID string
	// TLS encrypts the connections; nil: they are in the clear.
	TLS *TLS
	// SASL says who we are; nil: nobody.
	SASL *SASL
	// Codec compresses what is produced.
	Codec batch.Codec
	// Patience is how long a request is tried again while brokers are away or
	// elect a leader, before its caller gets the error; 0 means 2 minutes. At Open
	// it is 8 seconds at most.
	Patience time.Duration
	Logger   *slog.Logger // nil: discarded
}

// TLS is how connections are encrypted, by the names of PEM files.
type TLS struct {
	// CA has the certificates that may have signed the brokers'; "" means the
	// system's.
	CA string
	// Cert and Key are this client's own, where the brokers ask for them.
	Cert, Key string
	// ServerName is what the brokers' certificates must be made out to, if that
	// isn't the host of their address.
	ServerName string
}

// config reads the files. It is nil if t is.
func (t *TLS) config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	f := dial.TLSFiles{CA: t.CA, Cert: t.Cert, Key: t.Key, ServerName: t.ServerName}
	return f.Config()
}

// SASL is a name and what proves it.
type SASL struct {
	Mechanism Mechanism
	User      string
	Password  Secret
}

// Format prints the fields, whatever the verb: of one that doesn't fit fmt would
// print what the pointers lead to, and no longer ask what may be shown.
func (o Options) Format(f fmt.State, _ rune) {
	type plain Options
	_, _ = fmt.Fprintf(f, "%+v", plain(o))
}

// login is nil if s is.
func (s *SASL) login() (*dial.Login, error) {
	if s == nil {
		return nil, nil
	}
	return dial.NewLogin(string(s.Mechanism), s.User, string(s.Password))
}

// Format prints the fields, whatever the verb, without the password.
func (s SASL) Format(f fmt.State, _ rune) {
	type plain SASL
	_, _ = fmt.Fprintf(f, "%+v", plain(s))
}

// A Mechanism is a way to prove who one is.
type Mechanism string

// The mechanisms.
const (
	Plain       Mechanism = dial.Plain // the password itself: use it with TLS only
	ScramSHA256 Mechanism = dial.ScramSHA256
	ScramSHA512 Mechanism = dial.ScramSHA512
)

// A Secret prints as stars, in messages, logs and JSON.
type Secret string

const hidden = "***"

// Format hides it, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String hides it.
func (Secret) String() string { return hidden }

// MarshalText hides it.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides it.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
