package dial

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go/protocol"

	"github.com/gretestream/grete/stream/harnesstest"
)

// requests returns all requests whose answers kafka-go decodes.
func requests() []header {
	var all []header
	for key := range protocol.ApiKey(52) {
		for version := key.MinVersion(); version <= key.MaxVersion(); version++ {
			if h := (header{key, version}); answerType(h) != nil {
				all = append(all, h)
			}
		}
	}
	return all
}

// fill sets all fields of an answer, with n elements in each array.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Pointer:
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(strings.Repeat("text", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(n))
	}
}

// encoded returns an answer, with its size.
func encoded(t testing.TB, h header, n int) []byte {
	t.Helper()
	answer := reflect.New(answerType(h))
	fill(answer, n)
	var b bytes.Buffer
	if err := protocol.WriteResponse(&b, h.version, 7, answer.Interface().(protocol.Message)); err != nil {
		t.Fatal(h.key, h.version, err)
	}
	return b.Bytes()
}

func TestShape_FitsAnswers(t *testing.T) {
	var known shapes
	all := requests()
	if len(all) < 60 {
		t.Fatalf("only %d kinds of answers", len(all))
	}
	for _, h := range all {
		s := known.of(h)
		for n := range 4 {
			b := encoded(t, h, n)
			if err := s.check(b, h); err != nil {
				t.Errorf("with %d elements: %v", n, err)
			}
			for cut := 4; cut < len(b); cut++ {
				if s.check(b[:cut], h) == nil {
					t.Fatalf("%s %d: %d of %d bytes pass", h.key, h.version, cut, len(b))
				}
			}
		}
	}
}

// TestGuard_RefusesLengths sends answers that claim more than they have. Without the guard
// each of them makes kafka-go allocate gigabytes, or panic.
func TestGuard_RefusesLengths(t *testing.T) {
	for name, test := range map[string]struct {
		request header
		body    []byte
		want    string
	}{
		"an array":          {header{protocol.Metadata, 8}, []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff}, "malformed"},
		"an array of many":  {header{protocol.ApiVersions, 0}, []byte{0, 0, 0, 1, 0, 0, 1, 2, 3}, "malformed"},
		"bytes":             {header{protocol.SaslAuthenticate, 0}, []byte{0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}, "malformed"},
		"a compact array":   {header{protocol.AddPartitionsToTxn, 3}, append([]byte{0, 0, 0, 0, 0}, 0xff, 0xff, 0xff, 0xff, 0x7f), "malformed"},
		"a tagged field":    {header{protocol.AddPartitionsToTxn, 3}, append([]byte{0, 0, 0, 0, 0}, 1, 1, 9, 0xff, 0xff, 0xff, 0x1f), "malformed"},
		"nothing":           {header{protocol.Metadata, 8}, nil, "malformed"},
		"the answer itself": {header{protocol.Metadata, 8}, nil, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			client, broker := net.Pipe()
			defer func() { _, _ = client.Close(), broker.Close() }()
			frame := binary.BigEndian.AppendUint32(nil, uint32(len(test.body)+4))
			if test.want == "at most" {
				frame = binary.BigEndian.AppendUint32(nil, maxAnswer+1)
			}
			frame = append(binary.BigEndian.AppendUint32(frame, 7), test.body...)
			go func() {
				_, _ = io.ReadFull(broker, make([]byte, 14))
				_, _ = broker.Write(frame)
			}()
			g := &guard{Conn: client, shapes: new(shapes)}
			request := []byte{0, 0, 0, 10, 0, byte(test.request.key), 0, byte(test.request.version), 0, 0, 0, 7, 0, 0}
			if _, err := g.Write(request); err != nil {
				t.Fatal(err)
			}
			if n, err := g.Read(make([]byte, 100)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// Answers pass unchanged, one after the other, and those of package wire unread.
func TestGuard_PassesAnswers(t *testing.T) {
	client, broker := net.Pipe()
	defer func() { _, _ = client.Close(), broker.Close() }()
	g := &guard{Conn: client, shapes: new(shapes)}
	for _, test := range []struct {
		request header
		answer  []byte
	}{
		{header{protocol.ApiVersions, 0}, encoded(t, header{protocol.ApiVersions, 0}, 3)},
		{header{protocol.Fetch, 11}, []byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3}},
		{header{protocol.Metadata, 8}, encoded(t, header{protocol.Metadata, 8}, 2)},
	} {
		go func() {
			_, _ = io.ReadFull(broker, make([]byte, 20))
			_, _ = broker.Write(test.answer)
		}()
		_, first := g.Write([]byte{0, 0, 0, 16, 0, byte(test.request.key), 0, byte(test.request.version), 0, 0, 0, 7, 0, 0})
		_, second := g.Write([]byte("more.."))
		got := make([]byte, len(test.answer))
		if _, err := io.ReadFull(g, got); err != nil || first != nil || second != nil || !bytes.Equal(got, test.answer) {
			t.Fatalf("%s: read %v, want %v; %v, %v, %v", test.request.key, got, test.answer, err, first, second)
		}
	}
}

// An answer that passes the check is decoded by kafka-go without a panic, and in memory that
// its size bounds.
func FuzzShape(f *testing.F) {
	all := requests()
	for i, h := range all {
		f.Add(uint(i), encoded(f, h, 2)[8:])
	}
	f.Fuzz(func(t *testing.T, kind uint, body []byte) {
		h := all[kind%uint(len(all))]
		frame := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
		frame = append(binary.BigEndian.AppendUint32(frame, 7), body...)
		harnesstest.Frugal(t, len(body), 100, func() {
			if new(shapes).of(h).check(frame, h) != nil {
				return
			}
			if _, _, err := protocol.ReadResponse(bytes.NewReader(frame), h.key, h.version); err != nil {
				t.Errorf("%s %d passes the check and can't be decoded: %v", h.key, h.version, err)
			}
		})
	})
}
