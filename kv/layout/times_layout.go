package layout

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gretestream/grete/kv"
)

// timesLayout is that of [Times], and of [ExpiringTimes] if its entries expire.
type timesLayout struct{ sequence, expires bool }

func expiringTimes(sequence bool) timesLayout { return timesLayout{sequence, true} }

func parseTimes(params map[string]string) (Layout, error) {
	var l timesLayout
	for name, flag := range map[string]*bool{ParamSequence: &l.sequence, ParamExpires: &l.expires} {
		text, given := params[name]
		if !given {
			continue
		}
		var err error
		if *flag, err = strconv.ParseBool(text); err != nil {
			return nil, fmt.Errorf("%s is %q, which is neither true nor false", name, text)
		}
	}
	return l, nil
}

// Parameters of queries for entries in order of time: those of one time, or from a
// time on and before another one.
const (
	argTime  = "time"
	argSince = "since"
	argUntil = "until"
)

func (timesLayout) Args() []string { return []string{argTime, argSince, argUntil} }
func (timesLayout) numbered() bool { return true }

func (l timesLayout) Derive() kv.Derive {
	if l.expires {
		return deriveIndex
	}
	return nil
}

func (l timesLayout) Entries() (from, to []byte) {
	if l.expires {
		return entriesSpace()
	}
	return nil, nil
}

func (l timesLayout) Value(_, stored []byte) ([]byte, bool, error) {
	if l.expires {
		return mortalValue(stored)
	}
	return stored, true, nil
}

// untag returns the stored key of an entry without the tag that it may have.
func (l timesLayout) untag(stored []byte) ([]byte, error) {
	if l.expires {
		return untagged(stored)
	}
	return stored, nil
}

func (l timesLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	stored, err := l.untag(stored)
	if err != nil {
		return nil, err
	}
	key, _, err := SplitKey(dst, stored)
	return key, err
}

func (l timesLayout) show(e *Entry, stored, value []byte) (key []byte, err error) {
	stored, err = l.untag(stored)
	if err != nil {
		return nil, err
	}
	key, rest, err := SplitKey(nil, stored)
	if err != nil {
		return nil, err
	}
	keys := timeKeys{sequence: l.sequence}
	at, err := keys.split(rest)
	if err != nil {
		return nil, err
	}
	e.Time = &at.Time
	if l.sequence {
		e.Sequence = &at.Sequence
	}
	if l.expires {
		var expires int64
		expires, _, _, err = splitMortal(value)
		e.Expires = &expires
	}
	return key, err
}

func (l timesLayout) Select(q Query) (*Selection, error) {
	if err := keyed(q, argTime, argSince, argUntil); err != nil {
		return nil, err
	}
	from, _ := l.Entries()
	if !q.HasKey {
		return rangeOfKeys(l, from, q), nil
	}
	prefix := AppendKey(from, q.Key)
	at, given, err := timeArg(q.Args, argTime)
	if err != nil {
		return nil, err
	}
	if given {
		stored := appendTime(prefix, at)
		if l.sequence {
			return ofKey(q.Key, stored), nil
		}
		return exact(q.Key, stored), nil
	}
	since, _, err := timeArg(q.Args, argSince)
	if err != nil {
		return nil, err
	}
	until, bounded, err := timeArg(q.Args, argUntil)
	if err != nil {
		return nil, err
	}
	s := ofKey(q.Key, prefix)
	if !q.Args.Has(argSince) {
		since = math.MinInt64
	}
	s.From = appendTime(clone(prefix), since)
	if bounded {
		s.To = appendTime(clone(prefix), until)
	}
	return s, nil
}

// rangeOfKeys selects the entries of a range of record keys, which stand behind a
// prefix with their end.
func rangeOfKeys(l Layout, prefix []byte, q Query) *Selection {
	s := &Selection{}
	s.From, s.To = l.Entries()
	if q.From != nil {
		s.From = AppendKey(clone(prefix), q.From)
	}
	if q.To != nil {
		s.To = AppendKey(clone(prefix), q.To)
	}
	return s
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
