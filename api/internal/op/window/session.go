package window

import (
	"github.com/gretestream/grete/api/internal/flow"
	"github.com/gretestream/grete/api/internal/op"
	"github.com/gretestream/grete/container/loop"
	"github.com/gretestream/grete/kv/layout"
)

// lastStore has the last results of sessions, which may have to be taken back.
const lastStore = "last"

// A session window begins with a record, and ends when none has come for the gap. A record may
// join sessions: they are merged.
type session[K comparable, M, A, R, P any] struct {
	base[K, M, A, R, P]
	early    early
	sessions *layout.Sessions[A]
	gap      int64 // ms

	due    int64 // no session is due before
	joined []joined[A]
	endAt  []byte // the place to which End has come; nil: the beginning
	chunk  []place
	marked int64 // due, as of Mark
}

// joined is a session that a record joins.
type joined[A any] struct {
	start int64
	layout.Session[A]
}

// addSessions adds the stores of sessions.
func (r *recording[K, M, A, R, P]) addSessions() {
	if !r.agg.Merges {
		r.p.Mistake("window %q: a record may join two sessions, and %s can't merge their values; give it api.Merging, or use an api.Aggregator", r.spec.Name, r.agg.Name)
	}
	r.addStore("", layout.NameSessions, nil)
	if r.spec.plain() || r.spec.Discarding {
		return
	}
	r.numbers[lastStore] = len(r.stores)
	r.stores = append(r.stores, op.StoreSpec(r.p, r.spec.Name, lastStore, layout.NameTimes, r.keys, r.results))
}

func (r *recording[K, M, A, R, P]) buildSession(b *flow.Builder) (flow.Operator, error) {
	base, err := r.base(b)
	if err != nil {
		return nil, err
	}
	stored, err := op.StoredOf(b, r.numbers[""], r.values)
	if err != nil {
		return nil, err
	}
	s := &session[K, M, A, R, P]{base: base, gap: r.spec.Gap.Milliseconds(), sessions: layout.NewSessions(b.Task.State, b.Store(r.numbers[""]), stored)}
	if i, some := r.numbers[lastStore]; some {
		results, err := op.StoredOf(b, i, r.results)
		if err != nil {
			return nil, err
		}
		s.lasts = layout.NewTimes(b.Task.State, b.Store(i), false, results)
	}
	s.deliver = s.sendOut
	s.early = r.newEarly(b, s.tellEarly)
	flow.Take(b, "", s.push)
	if err := s.plan(); err != nil {
		return nil, err
	}
	if r.spec.Early.On != Never {
		return &triggered{s, &s.early}, s.early.plan()
	}
	return s, nil
}

// plan finds when the first session is due.
func (s *session[K, M, A, R, P]) plan() (err error) {
	s.due, err = s.sessions.Next()
	return err
}

func (s *session[K, M, A, R, P]) push(m M) error {
	s.scope.Operator = s.id
	at := s.scope.Time
	latest, some, err := s.sessions.Latest(s.scope.Key)
	if err != nil {
		return err
	}
	if !some {
		return s.open(at, true, m)
	}
	if at < latest {
		return s.join(at, latest, m)
	}
	v, _, found, err := s.sessions.Get(s.scope.Key, latest)
	switch {
	case err != nil:
		return err
	case !found:
		return s.join(at, latest, m)
	case at > v.Last+s.gap:
		return s.open(at, true, m)
	}
	return s.extend(latest, v, m)
}

// late reports whether a session is over that a record would make or extend.
func (s *session[K, M, A, R, P]) isLate(last int64) bool {
	return last+s.gap+s.grace <= s.time.Now()
}

// open begins a session with a record.
func (s *session[K, M, A, R, P]) open(at int64, latest bool, m M) error {
	if s.isLate(at) {
		return s.tooLate(m)
	}
	if latest {
		if err := s.sessions.SetLatest(s.scope.Key, at); err != nil {
			return err
		}
	}
	return s.add(at, at, false, m)
}

// extend adds a record that is in a session, or after its last record.
func (s *session[K, M, A, R, P]) extend(start int64, v *layout.Session[A], m M) error {
	last := max(v.Last, s.scope.Time)
	if v.Closed || s.isLate(last) {
		return s.tooLate(m)
	}
	return s.add(start, last, v.Fresh > 0, m)
}

// add adds the record to a session, a new one if there is none. noted means that an early
// result of it is due already.
func (s *session[K, M, A, R, P]) add(start, last int64, noted bool, m M) error {
	end := last + s.gap
	due := end + s.grace
	if s.updates && end > s.time.Now() {
		due = end
	}
	v, existed, err := s.sessions.Upsert(s.scope.Key, start, due)
	if err != nil {
		return err
	}
	s.due = min(s.due, due)
	v.Last, v.End = last, end
	s.added = Added{Key: s.scope.Key, Time: s.scope.Time, From: start, To: last + 1, First: true, At: start, Until: last + 1}
	if err := s.agg.Add(&v.Value, existed && (!s.discarding || v.Fresh > 0), &s.added, m); err != nil {
		return err
	}
	return s.trigger(start, v, noted)
}

// trigger sends what a record makes due, or notes that it is due later.
func (s *session[K, M, A, R, P]) trigger(start int64, v *layout.Session[A], noted bool) error {
	if !s.early.set && !s.updates {
		return nil
	}
	v.Fresh++
	if s.updates && v.End <= s.time.Now() {
		return s.tell(s.scope.Key, start, v, timing(&v.Emitted), s.aside)
	}
	due, err := s.early.note(s.scope.Key, start, v.Fresh, noted)
	if err != nil || !due {
		return err
	}
	return s.tell(s.scope.Key, start, v, Early, s.aside)
}

// tell sends a result of a session that stays: in the middle of a record, or as what time makes
// due.
func (s *session[K, M, A, R, P]) tell(key []byte, start int64, v *layout.Session[A], timing Timing, send func(output[A]) error) error {
	v.Sent = v.End
	o := output[A]{key: key, start: start, end: v.End, before: v.Last + 1, at: v.End - 1, value: &v.Value, timing: timing}
	o.index = s.number(&v.Emitted, timing)
	if err := send(o); err != nil {
		return err
	}
	return s.discard(&v.Value, key, start, v.Last+1)
}

// tellLast sends the last result of a session, and gives its value away.
func (s *session[K, M, A, R, P]) tellLast(key []byte, start int64, v *layout.Session[A]) error {
	return s.fire(output[A]{
		key: key, start: start, end: v.End, before: v.Last + 1, at: v.End - 1, value: &v.Value,
		index: int(v.Index), timing: timing(&v.Emitted), last: true,
	})
}

// Mark and Rewind are those of [flow.Undoer].
func (s *session[K, M, A, R, P]) Mark() {
	s.marked = s.due
	s.early.save()
}

// Rewind restores what Mark has saved.
func (s *session[K, M, A, R, P]) Rewind() {
	s.due = s.marked
	s.early.restore()
}

// tellEarly sends the early result of a session, if it has changed.
func (s *session[K, M, A, R, P]) tellEarly(key []byte, start int64) error {
	v, due, found, err := s.sessions.Get(key, start)
	if err != nil || !found || v.Closed || v.Fresh == 0 || s.updates && v.End <= s.time.Now() {
		return err
	}
	if v, _, err = s.sessions.Upsert(key, start, due); err != nil {
		return err
	}
	return s.tell(key, start, v, Early, s.fire)
}

// Watermark is behind the inputs by the grace, and by what is due and not yet sent.
func (s *session[K, M, A, R, P]) Watermark() int64 {
	pending := int64(loop.IdleTime)
	if s.due != layout.Never {
		pending = s.due - s.grace - 1
	}
	return s.time.Behind(s.grace, pending)
}

// Due is when the first session is due.
func (s *session[K, M, A, R, P]) Due() int64 { return s.due }
