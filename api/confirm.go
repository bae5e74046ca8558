package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// confirmed asks, unless that was answered by a flag, and returns an error unless the
// answer is yes.
func confirmed(c console, yes bool, question string) error {
	if yes {
		return nil
	}
	if c.in == nil {
		return errors.New("nothing was changed: there is nobody to ask; say -yes to do this")
	}
	_, _ = fmt.Fprint(c.err, question+" Type yes: ")
	if answer, err := bufio.NewReader(c.in).ReadString('\n'); strings.TrimSpace(answer) != "yes" {
		return errors.Join(errors.New("nothing was changed"), ignoreEOF(err))
	}
	return nil
}

// ignoreEOF is for what was read to its end.
func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
