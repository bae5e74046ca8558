package program

import (
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// Flags of all kinds are rendered so that they parse to the same values.
func TestGiven_ListsSetFlags(t *testing.T) {
	type flags struct {
		List    []string `help:"Words."`
		Numbers []int    `sep:";" help:"Numbers."`
		Whole   []string `sep:"none" help:"Words with commas."`
		Flag    bool     `negatable:"" default:"true" help:"Yes or no."`
		Open    string   `default:"open" help:"Left open."`
		Ratio   float64  `short:"r" help:"A number."`
	}
	read := func(args ...string) (flags, []string) {
		t.Helper()
		var f flags
		parser, err := kong.New(&f)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.Parse(args)
		if err != nil {
			t.Fatal(err)
		}
		return f, Given(parsed, "nothing")
	}
	_, got := read("--list=a,b", `--list=c\,d`, "--numbers=1;2", "--whole=a,b", "--whole", "c", "--no-flag", "-r", "0.5")
	want := []string{"--list=a", "--list=b", `--list=c\,d`, "--numbers=1", "--numbers=2", "--whole=a,b", "--whole=c", "--flag=false", "--ratio=0.5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	f, again := read(got...)
	if !slices.Equal(again, want) || !slices.Equal(f.List, []string{"a", "b", "c,d"}) || f.Flag || f.Open != "open" {
		t.Errorf("read again: %+v, %q", f, again)
	}
}
