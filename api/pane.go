package api

import (
	stdjson "encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/gretestream/grete/api/internal/op/window"
	"github.com/gretestream/grete/stream/serde"
	"github.com/gretestream/grete/stream/serde/json"
	"github.com/gretestream/grete/stream/serde/shape"
)

// Timing says when a pane was sent, compared to the end of its window.
type Timing string

// Timings of panes. A window of a key has at most one pane that is final. Without
// [Window.Early] and [Window.Updates] it has no other.
const (
	Final      Timing = "final"      // the window has ended
	Early      Timing = "early"      // before its end
	Update     Timing = "update"     // after that, for a record within the grace
	Retraction Timing = "retraction" // takes the last pane of a session back, which is no more
)

// A Pane is what came out of one window of one key.
//
// Its JSON is {"key":…,"start":ms,"end":ms,"value":…,"index":0,"timing":"final"}.
type Pane[K comparable, A any] struct {
	Key        K
	Start, End time.Time // [Start, End) in event time
	Value      A
	Index      int // 0, 1, … of this window's panes
	Timing     Timing
}

// timingOf returns a timing of package window.
func timingOf(t window.Timing) Timing {
	return [...]Timing{window.Final: Final, window.Early: Early, window.Update: Update, window.Retraction: Retraction}[t]
}

// paneJSON is the public form of a pane, times in ms since 1970.
type paneJSON[K comparable, A any] struct {
	Key    K      `json:"key"`
	Start  int64  `json:"start"`
	End    int64  `json:"end"`
	Value  A      `json:"value"`
	Index  int    `json:"index"`
	Timing Timing `json:"timing"`
}

// paneShape describes the JSON of a pane.
func paneShape[K comparable, A any]() *shape.Shape {
	s := shape.For[paneJSON[K, A]]()
	s.Type = reflect.TypeFor[Pane[K, A]]().String()
	return s
}

// JSONSerde returns the serde of panes, which needs no detour through MarshalJSON.
func (*Pane[K, A]) JSONSerde() serde.Serde[Pane[K, A]] {
	return paneSerde[K, A]{json.New[K](), json.New[A](), json.New[paneJSON[K, A]]()}
}

// MarshalJSON implements encoding/json.Marshaler.
func (p Pane[K, A]) MarshalJSON() ([]byte, error) {
	return json.AppendAny(nil, paneJSON[K, A]{p.Key, p.Start.UnixMilli(), p.End.UnixMilli(), p.Value, p.Index, p.Timing})
}

// UnmarshalJSON implements encoding/json.Unmarshaler.
func (p *Pane[K, A]) UnmarshalJSON(src []byte) error {
	var j paneJSON[K, A]
	if err := stdjson.Unmarshal(src, &j); err != nil {
		return err
	}
	*p = j.pane()
	return nil
}

func (j *paneJSON[K, A]) pane() Pane[K, A] {
	return Pane[K, A]{j.Key, time.UnixMilli(j.Start).UTC(), time.UnixMilli(j.End).UTC(), j.Value, j.Index, j.Timing}
}

// A paneSerde writes panes around their compiled keys and values.
type paneSerde[K comparable, A any] struct {
	key   *json.Codec[K]
	value *json.Codec[A]
	whole *json.Codec[paneJSON[K, A]]
}

func (s paneSerde[K, A]) Append(dst []byte, p Pane[K, A]) ([]byte, error) {
	return s.AppendFrom(dst, &p)
}

func (s paneSerde[K, A]) AppendFrom(dst []byte, p *Pane[K, A]) ([]byte, error) {
	dst, err := s.key.Append(append(dst, `{"key":`...), &p.Key)
	if err != nil {
		return nil, fmt.Errorf("key of a pane: %w", err)
	}
	dst = strconv.AppendInt(append(dst, `,"start":`...), p.Start.UnixMilli(), 10)
	dst = strconv.AppendInt(append(dst, `,"end":`...), p.End.UnixMilli(), 10)
	if dst, err = s.value.Append(append(dst, `,"value":`...), &p.Value); err != nil {
		return nil, fmt.Errorf("value of a pane: %w", err)
	}
	dst = strconv.AppendInt(append(dst, `,"index":`...), int64(p.Index), 10)
	dst = append(append(dst, `,"timing":"`...), p.Timing...)
	return append(dst, `"}`...), nil
}

func (s paneSerde[K, A]) Parse(src []byte) (p Pane[K, A], err error) {
	err = s.ParseInto(src, &p)
	return p, err
}

func (s paneSerde[K, A]) ParseInto(src []byte, p *Pane[K, A]) error {
	var j paneJSON[K, A]
	if err := s.whole.Parse(src, &j); err != nil {
		return err
	}
	*p = j.pane()
	return nil
}
