package program

import (
	"fmt"
	"os"

	"github.com/gretestream/grete/container/httpapi/signed"
)

// ReadTokens reads the job's tokens from a file, or else from the environment: one, or two
// while a new one replaces an old one. There may be none in the environment. No message
// shows a token.
func ReadTokens(file string) (signed.Tokens, error) {
	text, from := os.Getenv("GRETE_TOKEN"), "GRETE_TOKEN"
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("-token-file: %w", err)
		}
		text, from = string(b), "-token-file "+file
	}
	tokens, err := signed.ParseTokens(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", from, err)
	case file != "" && len(tokens) == 0:
		return nil, fmt.Errorf("%s: the file is empty", from)
	}
	return tokens, nil
}
