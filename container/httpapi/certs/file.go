package certs

import (
	"os"
	"sync"
	"time"
)

// checkInterval is how often files are looked at, at most.
const checkInterval = time.Second

// A loaded value comes from files. It is loaded again when one of them changes. If that
// fails, the value before stays. It is safe for concurrent use.
type loaded[T any] struct {
	files  []string
	load   func() (T, error)
	failed func(error) // of loading again
	now    func() time.Time

	mu      sync.Mutex
	value   T
	stamps  []os.FileInfo // of the files; nil: missing
	checked time.Time
}

func newLoaded[T any](load func() (T, error), failed func(error), files ...string) (*loaded[T], error) {
	l := &loaded[T]{files: files, load: load, failed: failed, now: time.Now}
	l.stamps, l.checked = l.look(), l.now()
	var err error
	l.value, err = load()
	return l, err
}

func (l *loaded[T]) look() []os.FileInfo {
	all := make([]os.FileInfo, len(l.files))
	for i, file := range l.files {
		if info, err := os.Stat(file); err == nil {
			all[i] = info
		}
	}
	return all
}

// same reports whether a file is unchanged. One that replaced it may have the same size, and
// was maybe written at the same tick of the clock.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// get returns the newest value.
func (l *loaded[T]) get() T {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Sub(l.checked) < checkInterval {
		return l.value
	}
	l.checked = now
	stamps := l.look()
	for i := range stamps {
		if same(stamps[i], l.stamps[i]) {
			continue
		}
		value, err := l.load()
		if err != nil {
			// Maybe only one of two files was replaced yet: the next check tries again.
			l.failed(err)
			return l.value
		}
		l.value, l.stamps = value, stamps
		break
	}
	return l.value
}
