package kafka

import (
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// The mechanisms.
const (
	plainMechanism = "plain"
	scramSHA256    = "scram-sha-256"
	scramSHA512    = "scram-sha-512"
)

// newMechanism is how to prove who we are.
func newMechanism(name, user, password string) (sasl.Mechanism, error) {
	if user == "" {
		return nil, errors.New("a user is needed")
	}
	switch name {
	case plainMechanism:
		return plain.Mechanism{Username: user, Password: password}, nil
	case scramSHA256:
		return scrammed(scram.SHA256, name, user, password)
	case scramSHA512:
		return scrammed(scram.SHA512, name, user, password)
	}
	return nil, fmt.Errorf("unknown mechanism %q; known are %s, %s and %s", name, plainMechanism, scramSHA256, scramSHA512)
}

func scrammed(how scram.Algorithm, name, user, password string) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(how, user, password)
	if err != nil {
		// The error isn't shown: it may have a part of the password.
		return nil, fmt.Errorf("%s can't say the user's name or password: it has characters that SASL forbids, such as control characters", name)
	}
	return m, nil
}
