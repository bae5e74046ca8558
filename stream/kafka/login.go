package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
)

// A login proves on a new connection who we are.
type login struct {
	mechanism sasl.Mechanism
	user      string // for messages
}

func newLogin(mechanism, user, password string) (*login, error) {
	m, err := newMechanism(mechanism, user, password)
	if err != nil {
		return nil, err
	}
	return &login{mechanism: m, user: user}, nil
}

func (l *login) run(ctx context.Context, d *dialogue) error {
	if err := l.choose(d); err != nil {
		return err
	}
	session, words, err := l.mechanism.Start(ctx)
	if err != nil {
		return err
	}
	for done := false; !done; {
		challenge, err := l.say(d, words)
		if err != nil {
			return err
		}
		if done, words, err = session.Next(ctx, challenge); err != nil {
			return refuse("the broker doesn't prove by %s that it knows the password: %w", l.mechanism.Name(), err)
		}
	}
	return nil
}

// choose tells the broker the mechanism.
func (l *login) choose(d *dialogue) error {
	const framed = 1 // what follows are requests, too
	got, err := d.ask(framed, &saslhandshake.Request{Mechanism: l.mechanism.Name()})
	if err != nil {
		return err
	}
	answer := got.(*saslhandshake.Response)
	switch failed := code(answer.ErrorCode); failed {
	case 0:
		return nil
	case badMechanism:
		return refuse("the broker doesn't know the mechanism %s there; it knows %s", l.mechanism.Name(), strings.Join(answer.Mechanisms, ", "))
	case badSASLState:
		return refuse("the broker wants no user and password there: use the port of its SASL listener, or connect without SASL")
	default:
		return refuse("the broker refuses SASL: %w", failed)
	}
}

func (l *login) say(d *dialogue, words []byte) (challenge []byte, err error) {
	got, err := d.ask(1, &saslauthenticate.Request{AuthBytes: words})
	if isClosed(err) {
		return nil, fmt.Errorf("the broker closes the connection, as some do when user or password is wrong: %w", err)
	}
	if err != nil {
		return nil, err
	}
	answer := got.(*saslauthenticate.Response)
	if failed := code(answer.ErrorCode); failed != 0 {
		because := errors.New("user or password is wrong")
		if answer.ErrorMessage != "" {
			because = errors.New(strings.TrimSuffix(answer.ErrorMessage, "."))
		}
		return nil, refuse("the broker doesn't let this user in by %s: %w", l.mechanism.Name(), because)
	}
	return answer.AuthBytes, nil
}
