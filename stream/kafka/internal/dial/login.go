package dial

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"

	"github.com/gretestream/grete/stream/kafka/internal/kerr"
)

// A Login authenticates a new connection by SASL.
type Login struct {
	mechanism sasl.Mechanism
	user      string // for messages
}

// NewLogin returns a login by one of the mechanisms Plain, ScramSHA256 and ScramSHA512.
func NewLogin(mechanism, user, password string) (*Login, error) {
	m, err := newMechanism(mechanism, user, password)
	if err != nil {
		return nil, err
	}
	return &Login{mechanism: m, user: user}, nil
}

// run authenticates.
func (l *Login) run(ctx context.Context, d *conversation) error {
	if err := l.chooseMechanism(d); err != nil {
		return err
	}
	session, message, err := l.mechanism.Start(ctx)
	if err != nil {
		return err
	}
	for done := false; !done; {
		challenge, err := l.authenticate(d, message)
		if err != nil {
			return err
		}
		if done, message, err = session.Next(ctx, challenge); err != nil {
			return kerr.Refuse("the broker failed to prove by %s that it knows the password: %w", l.mechanism.Name(), err)
		}
	}
	return nil
}

// chooseMechanism tells the broker the mechanism.
func (l *Login) chooseMechanism(d *conversation) error {
	const framed = 1 // what follows are requests, too
	got, err := d.exchange(framed, &saslhandshake.Request{Mechanism: l.mechanism.Name()})
	if err != nil {
		return err
	}
	answer := got.(*saslhandshake.Response)
	switch failed := kerr.Code(answer.ErrorCode); failed {
	case 0:
		return nil
	case kerr.BadMechanism:
		return kerr.Refuse("the broker doesn't support %s there; it supports %s", l.mechanism.Name(), strings.Join(answer.Mechanisms, ", "))
	case kerr.BadSASLState:
		return kerr.Refuse("the broker expects no user and password there: use the port of its SASL listener, or connect without SASL")
	default:
		return kerr.Refuse("the broker refuses SASL: %w", failed)
	}
}

// authenticate sends one message of the mechanism, and returns the answer.
func (l *Login) authenticate(d *conversation, message []byte) (challenge []byte, err error) {
	got, err := d.exchange(1, &saslauthenticate.Request{AuthBytes: message})
	if isClosed(err) {
		return nil, fmt.Errorf("the broker closed the connection, as some do when user or password is wrong: %w", err)
	}
	if err != nil {
		return nil, err
	}
	answer := got.(*saslauthenticate.Response)
	if failed := kerr.Code(answer.ErrorCode); failed != 0 {
		because := errors.New("user or password is wrong")
		if answer.ErrorMessage != "" {
			because = errors.New(strings.TrimSuffix(answer.ErrorMessage, "."))
		}
		return nil, kerr.Refuse("authentication by %s failed: %w", l.mechanism.Name(), because)
	}
	return answer.AuthBytes, nil
}
