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

// Options say which cluster to use, and as which user. Only Brokers is required.
type Options struct {
	// Brokers are addresses of brokers, as host:port. One that answers is enough: it knows
	// the others.
	Brokers []string
	// ClientID names this client in logs and quotas of the brokers (default: "grete").
	ClientID string
	// TLS encrypts the connections; nil: plaintext.
	TLS *TLS
	// SASL authenticates this client; nil: no authentication.
	SASL *SASL
	// Codec compresses what is produced.
	Codec batch.Codec
	// Patience is how long to retry a request while brokers are unavailable or elect a
	// leader (default: 2 minutes; Open retries for 8 seconds at most).
	Patience time.Duration
	Logger   *slog.Logger // nil: discarded
}

// TLS names the PEM files for encrypted connections.
type TLS struct {
	// CA has the certificates that may have signed the brokers'; "": those of the system.
	CA string
	// Cert and Key are this client's, if brokers require a client certificate.
	Cert, Key string
	// ServerName is the name in the brokers' certificates, if it isn't the host of their
	// address.
	ServerName string
}

// config reads the files. It returns nil if t is nil.
func (t *TLS) config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	f := dial.TLSFiles{CA: t.CA, Cert: t.Cert, Key: t.Key, ServerName: t.ServerName}
	return f.Config()
}

// SASL has the credentials of a user.
type SASL struct {
	Mechanism Mechanism
	User      string
	Password  Secret
}

// Format prints the fields, whatever the verb. For a verb that fits no field, fmt would
// print the targets of pointers without asking their Format methods.
func (o Options) Format(f fmt.State, _ rune) {
	type plain Options
	_, _ = fmt.Fprintf(f, "%+v", plain(o))
}

// login returns nil if s is nil.
func (s *SASL) login() (*dial.Login, error) {
	if s == nil {
		return nil, nil
	}
	return dial.NewLogin(string(s.Mechanism), s.User, string(s.Password))
}

// Format prints the fields without the password, whatever the verb.
func (s SASL) Format(f fmt.State, _ rune) {
	type plain SASL
	_, _ = fmt.Fprintf(f, "%+v", plain(s))
}

// A Mechanism is a SASL mechanism.
type Mechanism string

// The mechanisms.
const (
	Plain       Mechanism = dial.Plain // sends the password itself: use it with TLS only
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
