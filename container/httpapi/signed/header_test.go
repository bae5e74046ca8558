package signed

import (
	"net/http"
	"strings"
	"testing"
)

func TestParseCredentials(t *testing.T) {
	const whole = `boot="b", challenge="c", nonce="n", audience="[::1]:80", signature="s"`
	for header, ok := range map[string]bool{
		"Grete " + whole:   true,
		"grete   " + whole: true,
		"Grete " + strings.ReplaceAll(whole, ", ", ","): true,
		"Grete " + whole + " ":                          true,
		"Grete " + whole + ",":                          false,
		"Grete " + whole + `, nonce="m"`:                false,
		"Grete " + whole + `, more="m"`:                 false,
		"Grete " + whole + " x":                         false,
		"Grete" + whole:                                 false,
		"Bearer " + whole:                               false,
		"Grete":                                         false,
		"":                                              false,
		"Grete " + strings.Replace(whole, `"n"`, `""`, 1):                                   false,
		"Grete " + strings.Replace(whole, `"n"`, `n`, 1):                                    false,
		"Grete " + strings.Replace(whole, `"n"`, `"n`, 1):                                   false,
		"Grete " + strings.Replace(whole, `"n"`, `"a b"`, 1):                                false,
		"Grete " + strings.Replace(whole, `"n"`, `"a\"`, 1):                                 false,
		"Grete " + strings.Replace(whole, `nonce="n", `, ``, 1):                             false,
		"Grete " + strings.Replace(whole, "t=", "t =", 1):                                   false,
		"Grete " + strings.Replace(whole, `"n"`, `"`+strings.Repeat("n", maxHeader)+`"`, 1): false,
	} {
		got, parsed := parseCredentials(header)
		if parsed != ok || ok && got != (credentials{"b", "c", "n", "[::1]:80", "s"}) {
			t.Errorf("%s: %+v, %v", header, got, parsed)
		}
	}
}

func FuzzCredentials(f *testing.F) {
	f.Add((&credentials{"b", "c", "n", "host:80", "s"}).String())
	f.Add(`Grete boot="b",challenge="c" , nonce="n"`)
	f.Add("Grete boot=\"\x80\"")
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := parseCredentials(header)
		if !ok {
			return
		}
		if again, ok := parseCredentials(c.String()); !ok || again != c {
			t.Errorf("%q is %+v, and again %+v, %v", header, c, again, ok)
		}
		for name, field := range c.fields() {
			if *field == "" || len(*field) > maxHeader {
				t.Errorf("%q: %s is %q", header, name, *field)
			}
		}
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add((&challenge{"b", "c"}).String(), "Bearer")
	f.Add("Bearer", `Grete challenge="c", boot="b"`)
	f.Fuzz(func(t *testing.T, one, two string) {
		c, ok := challengeIn(http.Header{"Www-Authenticate": {one, two}})
		if !ok {
			return
		}
		if again, ok := challengeIn(http.Header{"Www-Authenticate": {c.String()}}); !ok || again != c {
			t.Errorf("%q, %q is %+v, and again %+v, %v", one, two, c, again, ok)
		}
		if newChallenges().use(c.value) {
			t.Errorf("%q is a valid challenge", c.value)
		}
	})
}
