package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	segment "github.com/segmentio/encoding/json"

	"github.com/gretestream/grete/stream/serde/shape"
)

// Timing says when a pane was written, compared to its window.
type Timing string

// Final: the window is closed; there is one such pane, and it is the last.
const Final Timing = "final"

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

// AppendJSON writes the pane's JSON without the general encoder's detours.
func (p *Pane[K, A]) AppendJSON(dst []byte) ([]byte, error) {
	dst, err := segment.Append(append(dst, `{"key":`...), &p.Key, 0)
	if err != nil {
		return nil, fmt.Errorf("key of a pane: %w", err)
	}
	dst = strconv.AppendInt(append(dst, `,"start":`...), p.Start.UnixMilli(), 10)
	dst = strconv.AppendInt(append(dst, `,"end":`...), p.End.UnixMilli(), 10)
	if dst, err = segment.Append(append(dst, `,"value":`...), &p.Value, 0); err != nil {
		return nil, fmt.Errorf("value of a pane: %w", err)
	}
	dst = strconv.AppendInt(append(dst, `,"index":`...), int64(p.Index), 10)
	dst = append(append(dst, `,"timing":"`...), p.Timing...)
	return append(dst, `"}`...), nil
}

// MarshalJSON implements json.Marshaler.
func (p Pane[K, A]) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// UnmarshalJSON implements json.Unmarshaler.
func (p *Pane[K, A]) UnmarshalJSON(src []byte) error {
	var j paneJSON[K, A]
	if err := json.Unmarshal(src, &j); err != nil {
		return err
	}
	*p = Pane[K, A]{j.Key, time.UnixMilli(j.Start).UTC(), time.UnixMilli(j.End).UTC(), j.Value, j.Index, j.Timing}
	return nil
}
