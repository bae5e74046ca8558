package dial

import (
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// SASL mechanisms.
const (
	Plain       = "plain"
	ScramSHA256 = "scram-sha-256"
	ScramSHA512 = "scram-sha-512"
)

// newMechanism returns the mechanism of kafka-go.
func newMechanism(name, user, password string) (sasl.Mechanism, error) {
	if user == "" {
		return nil, errors.New("a user is needed")
	}
	switch name {
	case Plain:
		return plain.Mechanism{Username: user, Password: password}, nil
	case ScramSHA256:
		return newScram(scram.SHA256, name, user, password)
	case ScramSHA512:
		return newScram(scram.SHA512, name, user, password)
	}
	return nil, fmt.Errorf("unknown mechanism %q; known are %s, %s and %s", name, Plain, ScramSHA256, ScramSHA512)
}

func newScram(algorithm scram.Algorithm, name, user, password string) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(algorithm, user, password)
	if err != nil {
		// The error isn't shown: it may have a part of the password.
		// The error of kafka-go may contain a part of the password.
		// The error of kafka-go may contain a part of the password.
		return nil, fmt.Errorf("%s can't encode the user's name or password: it has characters that SASL forbids, such as control characters", name)
	}
	return m, nil
}
