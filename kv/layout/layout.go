package layout

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gretestream/grete/kv"
)

// A Layout is how the entries of a store stand in its database, for readers
// without its types. Several goroutines may use it.
type Layout interface {
	// Entries returns the range of the stored keys that are entries: a store may hold
	// indexes besides.
	Entries() (from, to []byte)
	// RecordKey appends the record's key in the stored key of an entry to dst. It
	// decides which task has the entry.
	RecordKey(dst, stored []byte) ([]byte, error)
	// Value returns the encoded value of an entry, given its stored key and value,
	// which it aliases; false if there is none any more.
	Value(key, stored []byte) (value []byte, ok bool, err error)
	// Select returns what a query asks for.
	Select(q Query) (*Selection, error)
	// Args are the parameters that Select reads, besides key, from and to.
	Args() []string
	// Derive returns what a restore derives from the changelog; nil: nothing.
	Derive() kv.Derive

	// numbered reports whether the values of entries have the number of their form
	// before them; see [Numbered].
	numbered() bool
	// show sets what of an entry isn't its value, and returns the record's key.
	show(e *Entry, stored, value []byte) (key []byte, err error)
}

// Names of layouts in plans.
const (
	NameValues   = "values"
	NameWindows  = "windows"
	NameTimes    = "times"
	NameSessions = "sessions"
	NameBuffers  = "buffers"
	NameExpiring = "expiring"
	NameMaps     = "maps"
	NameLists    = "lists"
	NameSets     = "sets"
	NameMembers  = "members"
)

// Parameters of layouts in plans.
const (
	ParamSize     = "size"     // windows: how long one is, as Go writes durations; or "unbounded"
	ParamEvery    = "every"    // windows: from the start of one to that of the next, if that isn't the size
	ParamZone     = "zone"     // windows: they are the calendar days of this time zone
	ParamSequence = "sequence" // times: "true" if several entries may have one time
	ParamExpires  = "expires"  // times: "true" if entries expire
	ParamOrder    = "order"    // maps: how map keys are encoded; see [OrderName]
)

// Parse returns the layout that a plan describes.
func Parse(name string, params map[string]string) (Layout, error) {
	makes := map[string]func(map[string]string) (Layout, error){
		NameValues:   func(map[string]string) (Layout, error) { return valuesLayout{}, nil },
		NameWindows:  parseWindows,
		NameTimes:    parseTimes,
		NameSessions: func(map[string]string) (Layout, error) { return sessionsLayout{expiringTimes(false)}, nil },
		NameBuffers:  func(map[string]string) (Layout, error) { return buffersLayout{expiringTimes(true)}, nil },
		NameExpiring: func(map[string]string) (Layout, error) { return expiringLayout{}, nil },
		NameMaps:     parseMaps,
		NameLists:    func(map[string]string) (Layout, error) { return listsLayout{}, nil },
		NameSets:     func(map[string]string) (Layout, error) { return setsLayout{}, nil },
		NameMembers:  func(map[string]string) (Layout, error) { return membersLayout{}, nil },
	}
	parse, ok := makes[name]
	if !ok {
		var names []string
		for name := range makes {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("the store layout %q is unknown; there are %s", name, strings.Join(names, ", "))
	}
	l, err := parse(params)
	if err != nil {
		return nil, fmt.Errorf("store layout %q: %w", name, err)
	}
	return l, nil
}

// An Entry is an entry of a store, for people. Times are in ms since 1970.
//
// Key and value are JSON: text, a number, or what was stored as JSON. Anything else
// is in base64; then KeyBase64 or ValueBase64 is true.
type Entry struct {
	Key       json.RawMessage `json:"key"`
	KeyBase64 bool            `json:"keyBase64,omitempty"`
	// Start and End are those of the key's window or session.
	Start *int64 `json:"start,omitempty"`
	End   *int64 `json:"end,omitempty"`
	// Closed: the window's result was written at the end of a bounded run, and its
	// value is gone; Value is null.
	Closed bool `json:"closed,omitempty"`
	// Time is that of an entry in order of time, Sequence its number among those of one
	// time, or in a list.
	Time     *int64  `json:"time,omitempty"`
	Sequence *uint64 `json:"sequence,omitempty"`
	// MapKey is the key of an entry of a map.
	MapKey json.RawMessage `json:"mapKey,omitempty"`
	// Expires is the event time from which on the entry is deleted.
	Expires     *int64          `json:"expires,omitempty"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 bool            `json:"valueBase64,omitempty"`
}
