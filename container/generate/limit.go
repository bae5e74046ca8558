package generate

import (
	"math"
	"sync"
)

// A Limit is for test harnesses: it lets generators yield only as many values as the test
// asks for. It is safe for concurrent use. A nil Limit allows all values.
type Limit struct {
	mu      sync.Mutex
	allowed map[string]int64
	running []*generator
	change  chan struct{} // gets a token when a generator has yielded a value, or has ended
}

// NewLimit makes a limit that allows no value.
func NewLimit() *Limit {
	return &Limit{allowed: make(map[string]int64), change: make(chan struct{}, 1)}
}

// Allow lets a generator yield n more values.
func (l *Limit) Allow(name string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.allowed[name] += n
	for _, g := range l.running {
		g.wakeUp()
	}
}

// Allowed is how many values a generator may yield in all.
func (l *Limit) Allowed(name string) int64 { return l.of(name) }

// Await waits until all generators have yielded what they may, or have ended. What comes
// next depends on the loop alone then, so that a test always takes the same course.
func (l *Limit) Await() {
	for l.working() {
		<-l.change
	}
}

// working reports whether a generator is about to yield a value.
func (l *Limit) working() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.running {
		if !g.over.Load() && g.made.Load() < min(l.allowed[g.name], g.used.Load()+Slots) {
			return true
		}
	}
	return false
}

func (l *Limit) of(name string) int64 {
	if l == nil {
		return math.MaxInt64
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowed[name]
}

func (l *Limit) changed() {
	if l != nil {
		signal(l.change)
	}
}

func (l *Limit) add(g *generator) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = append(l.running, g)
}

func (l *Limit) remove(g *generator) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.running {
		if l.running[i] == g {
			l.running = append(l.running[:i:i], l.running[i+1:]...)
			return
		}
	}
}
