package access

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/gretestream/grete/container/httpapi/signed"
)

// Environment variables with tokens.
const (
	tokenVariable = "GRETE_TOKEN"
	readVariable  = "GRETE_READ_TOKEN"
)

// ReadTokens reads the job's tokens from a file, or else from the environment: one, or two
// while a new one replaces an old one. There may be none in the environment. No message
// shows a token.
func ReadTokens(file string) (signed.Tokens, error) { return read("token-file", file, tokenVariable) }

// ReadOnlyTokens reads the tokens for requests of the job and the metrics. They must differ
// from the job's tokens, which allow more.
func ReadOnlyTokens(file string, job signed.Tokens) (signed.Tokens, error) {
	tokens, err := read("read-token-file", file, readVariable)
	if err != nil {
		return nil, err
	}
	for _, t := range tokens {
		for _, own := range job {
			if t == own {
				return nil, fmt.Errorf("%s: the read-only token is also the job's token; make another one with token new",
					cmp.Or(nameOf("read-token-file", file), readVariable))
			}
		}
	}
	if len(tokens) > 0 && len(job) == 0 {
		return nil, fmt.Errorf("%s: a read-only token needs a job with a token: add -token-file FILE, or set %s",
			cmp.Or(nameOf("read-token-file", file), readVariable), tokenVariable)
	}
	return tokens, nil
}

var errEmpty = errors.New("the file is empty")

func read(flag, file, variable string) (signed.Tokens, error) {
	text, from := os.Getenv(variable), variable
	if file != "" {
		b, err := ReadSecret("-"+flag, file)
		if err != nil {
			return nil, err
		}
		text, from = string(b), nameOf(flag, file)
	}
	tokens, err := signed.ParseTokens(text)
	if err == nil && file != "" && len(tokens) == 0 {
		err = errEmpty
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return tokens, nil
}

// nameOf names a setting; "" if it isn't set.
func nameOf(flag, file string) string {
	if file == "" {
		return ""
	}
	return "-" + flag + " " + file
}
