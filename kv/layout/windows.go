package layout

import (
	"errors"

	"github.com/gretestream/grete/kv"
)

// windowsLayout is that of [kv.Windows] of panes: the window's start stands before
// the key.
type windowsLayout struct {
	at Grid // to copy: a grid belongs to one goroutine
}

func parseWindows(params map[string]string) (Layout, error) {
	g, err := parseGrid(params)
	if err != nil {
		return nil, err
	}
	return windowsLayout{*g}, nil
}

// argWindow is a time in a window.
const argWindow = "window"

func (windowsLayout) Args() []string             { return []string{argWindow} }
func (windowsLayout) numbered() bool             { return true }
func (windowsLayout) Derive() kv.Derive          { return nil }
func (windowsLayout) Entries() (from, to []byte) { return nil, nil }

func (windowsLayout) RecordKey(dst, stored []byte) ([]byte, error) {
	_, key, err := kv.SplitWindow(stored)
	return append(dst, key...), err
}

func (windowsLayout) Value(_, stored []byte) ([]byte, bool, error) { return splitPane(stored) }

var errNoWindow = errors.New("from, to: set window=TIME, too: keys are in order within a window")

func (l windowsLayout) Select(q Query) (*Selection, error) {
	at, given, err := timeArg(q.Args, argWindow)
	if err != nil {
		return nil, err
	}
	grid := l.at
	start := grid.Last(at)
	switch {
	case q.HasKey && given:
		return exact(q.Key, kv.WindowKey(start, q.Key)), nil
	case q.HasKey:
		return &Selection{Key: q.Key, ByKey: true, windows: true}, nil
	case given:
		s := &Selection{From: kv.WindowKey(start, q.From), To: kv.After(kv.WindowKey(start, nil))}
		if q.To != nil {
			s.To = kv.WindowKey(start, q.To)
		}
		return s, nil
	case len(q.From)+len(q.To) > 0:
		return nil, errNoWindow
	}
	return &Selection{}, nil
}

func (l windowsLayout) show(e *Entry, stored, value []byte) ([]byte, error) {
	start, key, err := kv.SplitWindow(stored)
	if err != nil {
		return nil, err
	}
	grid := l.at
	end := grid.End(start)
	e.Start, e.End = &start, &end
	_, open, err := splitPane(value)
	e.Closed = !open
	return key, err
}

// afterWindow returns the first stored key of the windows after that of another
// one; nil if there is none.
func afterWindow(stored []byte) []byte {
	if len(stored) < 8 {
		return nil
	}
	return kv.After(stored[:8])
}

// scanWindows looks for a key in all windows. It finds each window with one seek.
func scanWindows(r kv.Reader, store int, s *Selection, f func(stored, value []byte) bool) error {
	for from := s.From; ; {
		var first []byte
		err := r.Range(store, from, s.To, func(stored, _ []byte) bool {
			first = append(first, stored...)
			return false
		})
		if err != nil || first == nil {
			return err
		}
		start, _, err := kv.SplitWindow(first)
		if err != nil {
			return err
		}
		stored := kv.WindowKey(start, s.Key)
		value, found, err := r.Get(store, stored, []byte{})
		if err != nil {
			return err
		}
		if found && !f(stored, value) {
			return nil
		}
		if from = afterWindow(stored); from == nil {
			return nil
		}
	}
}
