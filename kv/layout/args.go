package layout

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

var errNoKey = errors.New("set key=KEY, too")

// timeArg returns a parameter that is a time, in ms since 1970.
func timeArg(a Args, name string) (ms int64, given bool, err error) {
	if !a.Has(name) {
		return 0, false, nil
	}
	text := a.Get(name)
	ms, err = strconv.ParseInt(text, 10, 64)
	if err != nil {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return 0, false, fmt.Errorf("%s: %q is no time: write it as 2006-01-02T15:04:05Z, or in ms since 1970", name, text)
		}
		ms = at.UnixMilli()
	}
	return ms, true, nil
}

// numberArg returns a parameter that is a number.
func numberArg(a Args, name string) (n uint64, given bool, err error) {
	if !a.Has(name) {
		return 0, false, nil
	}
	n, err = strconv.ParseUint(a.Get(name), 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("%s: %q is no number", name, a.Get(name))
	}
	return n, true, nil
}

// keyed returns an error if one of the parameters is given and the key isn't.
func keyed(q Query, names ...string) error {
	for _, name := range names {
		if q.Args.Has(name) && !q.HasKey {
			return fmt.Errorf("%s: %w", name, errNoKey)
		}
	}
	return nil
}
