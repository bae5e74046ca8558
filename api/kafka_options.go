package api

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gretestream/grete/stream/batch"
	"github.com/gretestream/grete/stream/kafka"
)

// options turns the flags, and what stands behind them, into what the client
// takes. It is nil for the embedded log. All that can be wrong without a broker
// is found here.
func (k *kafkaFlags) options() (*kafka.Options, error) {
	s, err := k.allSettings()
	if err != nil || !s.has(setBrokers) {
		return nil, err
	}
	o := &kafka.Options{}
	for _, step := range []func(*kafka.Options) error{s.brokers, s.tls, s.sasl, s.compression} {
		if err := step(o); err != nil {
			return nil, fmt.Errorf("%w; %w", err, errUsage)
		}
	}
	return o, nil
}

func (s kafkaSettings) brokers(o *kafka.Options) error {
	for address := range strings.SplitSeq(s[setBrokers].text, ",") {
		address = strings.TrimSpace(address)
		host, port, err := net.SplitHostPort(address)
		if n, atoi := strconv.ParseUint(port, 10, 16); err != nil || host == "" || atoi != nil || n == 0 {
			return fmt.Errorf("%s: %q is no address of a broker: write it as HOST:PORT, several with a comma between", s[setBrokers].from, address)
		}
		o.Brokers = append(o.Brokers, address)
	}
	return nil
}

func (s kafkaSettings) tls(o *kafka.Options) error {
	on := false
	for _, name := range []string{setCA, setCert, setKey} {
		if !s.has(name) {
			continue
		}
		on = true
		if err := readable(s[name].text); err != nil {
			return fmt.Errorf("%s: %w", s[name].from, err)
		}
	}
	switch on = on || s.has(setServerName); {
	case s.has(setCert) && !s.has(setKey):
		return fmt.Errorf("%s: a certificate needs its key: add -%s FILE", s[setCert].from, setKey)
	case s.has(setKey) && !s.has(setCert):
		return fmt.Errorf("%s: a key needs its certificate: add -%s FILE", s[setKey].from, setCert)
	}
	if said, ok := s[setTLS]; ok {
		wanted, err := strconv.ParseBool(said.text)
		switch {
		case err != nil:
			return fmt.Errorf("%s: it is true or false, not %q", said.from, said.text)
		case !wanted && on:
			return fmt.Errorf("%s: it says that nothing is encrypted, but there are settings for that; take them or it away", said.from)
		}
		on = wanted
	}
	if on {
		o.TLS = &kafka.TLS{CA: s[setCA].text, Cert: s[setCert].text, Key: s[setKey].text, ServerName: s[setServerName].text}
	}
	return nil
}

// readable tells what is wrong with a file that is to be read later.
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

func (s kafkaSettings) sasl(o *kafka.Options) error {
	user, password, err := s.user()
	if err != nil {
		return err
	}
	how, ok := s[setSASL]
	switch known := []kafka.Mechanism{kafka.Plain, kafka.ScramSHA256, kafka.ScramSHA512}; {
	case !ok && user == "":
		return nil
	case !ok:
		return fmt.Errorf("%s: there is a user, but nothing says how to log in: add -%s %s", s[setUser].from, setSASL, kafka.ScramSHA512)
	case !slices.Contains(known, kafka.Mechanism(how.text)):
		return fmt.Errorf("%s: there is no %q: take %s, %s or %s", how.from, how.text, known[0], known[1], known[2])
	case user == "":
		return fmt.Errorf("%s: nothing says as whom to log in: add -%s NAME", how.from, setUser)
	}
	o.SASL = &kafka.SASL{Mechanism: kafka.Mechanism(how.text), User: user, Password: password}
	return nil
}

// user returns who we are, and what proves it: both or none.
func (s kafkaSettings) user() (string, kafka.Secret, error) {
	said, ok := s[setPassword]
	file, inFile := s[setPasswordFile]
	switch {
	case ok && inFile:
		return "", "", fmt.Errorf("%s: the password is there twice, also as %s; take one away", file.from, said.from)
	case (ok || inFile) && !s.has(setUser):
		return "", "", fmt.Errorf("%s%s: there is a password, but no user: add -%s NAME", said.from, file.from, setUser)
	case !ok && !inFile && s.has(setUser):
		return "", "", fmt.Errorf("%s: the user has no password: add -%s FILE, or set GRETE_KAFKA_PASSWORD", s[setUser].from, setPasswordFile)
	case inFile:
		b, err := os.ReadFile(file.text)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", file.from, err)
		}
		said.text = strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		if said.text == "" {
			return "", "", fmt.Errorf("%s: %s is empty", file.from, file.text)
		}
	}
	return s[setUser].text, kafka.Secret(said.text), nil
}

func (s kafkaSettings) compression(o *kafka.Options) error {
	said, ok := s[setCompression]
	if !ok {
		return nil
	}
	for c := batch.None; c <= batch.Zstd; c++ {
		if c.String() == said.text {
			o.Codec = c
			return nil
		}
	}
	return fmt.Errorf("%s: there is no %q: take none, gzip, snappy, lz4 or zstd", said.from, said.text)
}
