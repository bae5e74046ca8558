package layout

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/kv/memory"
	"github.com/gretestream/grete/stream/serde"
)

// Values of all layouts have the number of their form, whatever stands around them.
func TestPlain_Layouts(t *testing.T) {
	texts, _ := serde.For[string]()
	numbers := Numbered(texts, 1, nil)
	upper := func(form string, encoded []byte) ([]byte, error) {
		if form != "old" && form != "new" {
			return nil, errors.New("unknown form")
		}
		return append([]byte(form+" "), encoded...), nil
	}
	pane := PaneSerde(numbers)
	open, _ := pane.Append(nil, Pane[string]{Value: "x"})
	closed, _ := pane.Append(nil, Pane[string]{Closed: true})
	mortal, _ := newMortalSerde(numbers).Append(nil, mortal[string]{expires: 9, armed: 7, value: "x"})
	value, _ := numbers.Append(nil, "x")
	plainMortal := string(mortal[:9]) + "new x"
	for name, c := range map[string]struct {
		l                 Layout
		key, stored, want string
	}{
		"values":   {valuesLayout{}, "k", string(value), "new x"},
		"older":    {valuesLayout{}, "k", "\x00y", "old y"},
		"windows":  {windowsLayout{*NewGrid(time.Millisecond, time.Millisecond)}, "12345678k", string(open), "\x00new x"},
		"closed":   {windowsLayout{*NewGrid(time.Millisecond, time.Millisecond)}, "12345678k", string(closed), "\x01"},
		"expiring": {expiringLayout{}, "\x01k", string(mortal), plainMortal},
		"sets":     {setsLayout{}, "\x01k\x00\x00m", string(mortal[:9]), string(mortal[:9])},
	} {
		s := Store{Layout: c.l, Convert: upper}
		if got, err := s.Plain([]string{"old", "new"}, []byte(c.key), []byte(c.stored)); err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if got, err := s.Plain(nil, []byte(c.key), []byte(c.stored)); err != nil || string(got) != c.stored {
			t.Errorf("%s without a table: %q, %v", name, got, err)
		}
	}
	for name, stored := range map[string]string{"number": "\x02x", "empty": "", "varint": "\xff"} {
		s := Store{Layout: valuesLayout{}, Convert: upper}
		if got, err := s.Plain([]string{"old", "new"}, nil, []byte(stored)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNumbered_ReadsOlderForms(t *testing.T) {
	numbers, _ := serde.For[int64]()
	s := Numbered(numbers, 2, []func([]byte, *int64) error{
		func(src []byte, n *int64) (err error) { *n, err = strconv.ParseInt(string(src), 10, 64); return err }, nil, nil,
	})
	b, err := s.Append(nil, 7)
	if err != nil || string(b) != "\x02\x00\x00\x00\x00\x00\x00\x00\x07" {
		t.Fatalf("%q, %v", b, err)
	}
	for stored, want := range map[string]int64{string(b): 7, "\x0012": 12} {
		if n, err := s.Parse([]byte(stored)); err != nil || n != want {
			t.Errorf("%q is %d, %v", stored, n, err)
		}
	}
	for _, stored := range []string{"\x0112", "\x0312", "", "\x80"} {
		if n, err := s.Parse([]byte(stored)); err == nil {
			t.Errorf("%q is %d", stored, n)
		}
	}
}

func TestNumbered_DoesNotAllocate(t *testing.T) {
	numbers, _ := serde.For[int64]()
	s := Numbered(numbers, 0, nil)
	appendTo, parse, buf, n := serde.Appender(s), serde.Parser(s), make([]byte, 0, 64), int64(7)
	if allocs := testing.AllocsPerRun(100, func() {
		b, _ := appendTo(buf, &n)
		_ = parse(b, &n)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestCountForms(t *testing.T) {
	db, err := memory.New(0).Open(t.TempDir(), []string{"s"})
	if err != nil {
		t.Fatal(err)
	}
	b := db.NewBatch()
	for key, value := range map[string]string{"a": "\x00x", "b": "\x02x", "c": "\x00"} {
		b.Put(0, []byte(key), []byte(value))
	}
	if err := db.Write(b); err != nil {
		t.Fatal(err)
	}
	counts, all, err := CountForms(db.Reader(), 0, valuesLayout{}, 0)
	if err != nil || !all || len(counts) != 3 || counts[0] != 2 || counts[2] != 1 {
		t.Errorf("%v, %v, %v", counts, all, err)
	}
	if _, all, err := CountForms(db.Reader(), 0, valuesLayout{}, 2); all || err != nil {
		t.Errorf("a limit of 2: %v, %v", all, err)
	}
}
