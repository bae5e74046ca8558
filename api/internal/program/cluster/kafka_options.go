package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/api/internal/program/access"
	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka"
)

// Options returns the options of the Kafka client, nil for the embedded log. It reports
// all errors that show without a broker.
func (k *KafkaFlags) Options() (*kafka.Options, error) {
	s, err := k.AllSettings()
	if err != nil || !s.Has(SetBrokers) {
		return nil, err
	}
	o := &kafka.Options{}
	for _, step := range []func(*kafka.Options) error{s.brokers, s.tls, s.sasl, s.compression} {
		if err := step(o); err != nil {
			return nil, program.Usage(err)
		}
	}
	return o, nil
}

func (s KafkaSettings) brokers(o *kafka.Options) error {
	for address := range strings.SplitSeq(s[SetBrokers].Text, ",") {
		address = strings.TrimSpace(address)
		host, port, err := net.SplitHostPort(address)
		if n, atoi := strconv.ParseUint(port, 10, 16); err != nil || host == "" || atoi != nil || n == 0 {
			return fmt.Errorf("%s: %q isn't the address of a broker: write it as HOST:PORT, several separated by commas", s[SetBrokers].From, address)
		}
		o.Brokers = append(o.Brokers, address)
	}
	return nil
}

func (s KafkaSettings) tls(o *kafka.Options) error {
	on := false
	for _, name := range []string{SetCA, SetCert, SetKey} {
		if !s.Has(name) {
			continue
		}
		on = true
		if err := readable(s[name].Text); err != nil {
			return fmt.Errorf("%s: %w", s[name].From, err)
		}
		if name == SetKey {
			if err := access.CheckSecret(s[name].From, s[name].Text); err != nil {
				return err
			}
		}
	}
	switch on = on || s.Has(SetServerName); {
	case s.Has(SetCert) && !s.Has(SetKey):
		return fmt.Errorf("%s: a certificate needs its key: add -%s FILE", s[SetCert].From, SetKey)
	case s.Has(SetKey) && !s.Has(SetCert):
		return fmt.Errorf("%s: a key needs its certificate: add -%s FILE", s[SetKey].From, SetCert)
	}
	if set, ok := s[SetTLS]; ok {
		enabled, err := set.Bool()
		switch {
		case err != nil:
			return err
		case !enabled && on:
			return fmt.Errorf("%s: it turns encryption off, but other settings configure it; remove those settings, or kafka-tls", set.From)
		}
		on = enabled
	}
	if on {
		o.TLS = &kafka.TLS{CA: s[SetCA].Text, Cert: s[SetCert].Text, Key: s[SetKey].Text, ServerName: s[SetServerName].Text}
	}
	return nil
}

// readable returns an error if a file, which is read later, can't be opened.
func readable(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", file)
	}
	return errors.Join(err, f.Close())
}

func (s KafkaSettings) sasl(o *kafka.Options) error {
	user, password, err := s.user()
	if err != nil {
		return err
	}
	mechanism, ok := s[SetSASL]
	switch known := []kafka.Mechanism{kafka.Plain, kafka.ScramSHA256, kafka.ScramSHA512}; {
	case !ok && user == "":
		return nil
	case !ok:
		return fmt.Errorf("%s: a user needs a mechanism to log in with: add -%s %s", s[SetUser].From, SetSASL, kafka.ScramSHA512)
	case !slices.Contains(known, kafka.Mechanism(mechanism.Text)):
		return fmt.Errorf("%s: unknown mechanism %q: use %s, %s or %s", mechanism.From, mechanism.Text, known[0], known[1], known[2])
	case user == "":
		return fmt.Errorf("%s: a mechanism needs a user to log in as: add -%s NAME", mechanism.From, SetUser)
	}
	o.SASL = &kafka.SASL{Mechanism: kafka.Mechanism(mechanism.Text), User: user, Password: password}
	return nil
}

// user returns the user and the password: both or neither.
func (s KafkaSettings) user() (string, kafka.Secret, error) {
	direct, ok := s[SetPassword]
	file, inFile := s[SetPasswordFile]
	switch {
	case ok && inFile:
		return "", "", fmt.Errorf("%s: the password is set twice, also by %s; remove one of them", file.From, direct.From)
	case (ok || inFile) && !s.Has(SetUser):
		return "", "", fmt.Errorf("%s%s: a password needs a user: add -%s NAME", direct.From, file.From, SetUser)
	case !ok && !inFile && s.Has(SetUser):
		return "", "", fmt.Errorf("%s: a user needs a password: add -%s FILE, or set GRETE_KAFKA_PASSWORD", s[SetUser].From, SetPasswordFile)
	case inFile:
		b, err := access.ReadSecret(file.From, file.Text)
		if err != nil {
			return "", "", err
		}
		direct.Text = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		if direct.Text == "" {
			return "", "", fmt.Errorf("%s: %s is empty", file.From, file.Text)
		}
	}
	return s[SetUser].Text, kafka.Secret(direct.Text), nil
}

func (s KafkaSettings) compression(o *kafka.Options) error {
	codec, ok := s[SetCompression]
	if !ok {
		return nil
	}
	for c := batch.None; c <= batch.Zstd; c++ {
		if c.String() == codec.Text {
			o.Codec = c
			return nil
		}
	}
	return fmt.Errorf("%s: unknown codec %q: use none, gzip, snappy, lz4 or zstd", codec.From, codec.Text)
}
