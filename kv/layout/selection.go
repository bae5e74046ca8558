package layout

import (
	"bytes"

	"github.com/gretestream/grete/kv"
)

// A Query is what a reader asks of a store. Keys are encoded.
type Query struct {
	Key      []byte // the record's key, if HasKey
	HasKey   bool
	From, To []byte // record keys; nil: without a bound
	Args     Args   // those that the layout reads
}

// Args are parameters by name, as url.Values has them.
type Args interface {
	Has(name string) bool
	Get(name string) string
}

// A Selection is the entries that a query asks for.
type Selection struct {
	// Key is the record's key, if ByKey: only the tasks that may have it have the
	// entries.
	Key   []byte
	ByKey bool
	// From is the stored key of the only entry, if Exact; else the entries are in
	// [From, To), and a nil To is the end.
	From, To []byte
	Exact    bool

	windows bool // of all windows, those that have the key
}

// exact selects one entry.
func exact(key, stored []byte) *Selection {
	return &Selection{Key: key, ByKey: true, From: stored, Exact: true}
}

// ofKey selects the entries of a record's key whose stored keys begin with a
// prefix.
func ofKey(key, prefix []byte) *Selection {
	return &Selection{Key: key, ByKey: true, From: prefix, To: kv.After(prefix)}
}

// Narrow leaves out the entries outside of a range of stored keys. A nil from or to
// is no bound.
func (s *Selection) Narrow(from, to []byte) {
	if bytes.Compare(from, s.From) > 0 {
		s.From = from
	}
	if to != nil && (s.To == nil || bytes.Compare(to, s.To) < 0) {
		s.To = to
	}
}

// After returns the stored key from which on the entries after one stand.
func (s *Selection) After(stored []byte) []byte {
	if s.windows {
		return afterWindow(stored)
	}
	return append(bytes.Clone(stored), 0)
}

// Scan calls f for the selected entries of one database in the order of their
// stored keys, until it returns false. Keys and values are valid during the call.
func (s *Selection) Scan(r kv.Reader, store int, f func(stored, value []byte) bool) error {
	switch {
	case s.Exact:
		value, found, err := r.Get(store, s.From, []byte{})
		if err == nil && found {
			f(s.From, value)
		}
		return err
	case s.windows:
		return scanWindows(r, store, s, f)
	}
	return r.Range(store, s.From, s.To, f)
}
