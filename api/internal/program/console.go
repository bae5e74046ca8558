package program

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"
)

// A Console is where a program prints and asks.
type Console struct {
	// App begins each line of Say.
	App string
	// Out is for results alone; everything else goes to Err.
	Out, Err io.Writer
	// OutIsTerminal and ErrIsTerminal report whether a person is looking.
	OutIsTerminal, ErrIsTerminal bool
	// In reads answers; nil means that nobody can answer.
	In io.Reader
	// Config is the user's configuration directory; "": there is none.
	Config string

	temporary *temporaries // nil: nobody removes them in an emergency
}

// Standard returns the console of this process.
func Standard(app string) Console {
	c := Console{
		App: app, Out: output{os.Stdout}, Err: os.Stderr, temporary: &temporaries{},
		OutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	c.Config, _ = os.UserConfigDir() // its error says that the environment names none
	if c.ErrIsTerminal && term.IsTerminal(int(os.Stdin.Fd())) {
		c.In = os.Stdin
	}
	return c
}

// Say prints a line for people. Whatever isn't printable in it is escaped.
func (c Console) Say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Err, "%s: %s\n", c.App, escape(fmt.Sprintf(format, args...)))
}

// Complain prints an error, each of its lines as a line of Say.
func (c Console) Complain(err error) {
	for line := range strings.Lines(err.Error()) {
		c.Say("%s", strings.TrimRight(line, "\n"))
	}
}

// Logger logs warnings and errors to people.
func (c Console) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// JSON prints v as a result.
func (c Console) JSON(v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%s\n", b)
	return err
}

// Confirm asks a question, unless a flag has answered it, and returns an error unless
// the answer is yes.
func (c Console) Confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if c.In == nil {
		return errors.New("nothing was changed: there is no terminal to ask; confirm with -yes")
	}
	_, _ = fmt.Fprint(c.Err, question+" Type yes: ")
	answer, err := bufio.NewReader(c.In).ReadString('\n')
	if strings.TrimSpace(answer) == "yes" {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(errors.New("nothing was changed"), err)
}

// Plural counts things: 1 record, 2 records.
func Plural[N int | int32 | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Close closes c and adds its error to err.
func Close(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
