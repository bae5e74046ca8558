package meta

import (
	"bytes"
	"slices"
	"testing"
)

func TestAppendKey_IsUndoneByStoreKey(t *testing.T) {
	keys := [][]byte{
		[]byte(Key), []byte(Key + "\x00"), []byte(Key + "\x00\x00"), []byte(Key + "\x00a"), []byte(Key + Key), []byte(Key + "a"), []byte(Key + "\xff"),
	}
	var written [][]byte
	for _, key := range keys {
		if !Reserved(key) {
			t.Errorf("%q isn't reserved", key)
		}
		w := AppendKey(nil, key)
		if IsKey(w) {
			t.Errorf("%q is written as a meta record", key)
		}
		if got := StoreKey(w); !bytes.Equal(got, key) {
			t.Errorf("%q came back as %q", key, got)
		}
		written = append(written, w)
	}
	if !slices.IsSortedFunc(written, bytes.Compare) {
		t.Errorf("the order changes: %q", written)
	}
}

func TestStoreKey_LeavesOtherKeysAlone(t *testing.T) {
	for _, key := range []string{"", "\x00", "a", Key[:len(Key)-1], Key[:len(Key)-1] + "x", Key + "a", "x" + Key + "\x00"} {
		if got := StoreKey([]byte(key)); string(got) != key {
			t.Errorf("%q came back as %q", key, got)
		}
	}
}

func TestRecord_StoreKeyOfVersion1IsRead(t *testing.T) {
	key := []byte(Key + "\x00a")
	for version, want := range map[int]string{1: Key + "\x00a", 2: Key + "a"} {
		m := Record{Version: version}
		if got := m.StoreKey(key); string(got) != want {
			t.Errorf("version %d: %q is read as %q", version, key, got)
		}
	}
}

func TestParse_RefusesOtherVersions(t *testing.T) {
	for _, src := range []string{`{}`, `{"version":3}`, `{"version":-1}`} {
		if _, err := Parse([]byte(src)); err == nil {
			t.Errorf("%s is accepted", src)
		}
	}
}
