package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "identity")
	if _, err := Read(name, 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for size, fits := range map[int]bool{0: true, 9: true, 10: true, 11: false, 1 << 20: false} {
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Read(name, 10)
		if fits && (err != nil || len(b) != size) {
			t.Errorf("%d bytes: %d, %v", size, len(b), err)
		}
		if !fits && (err == nil || !strings.Contains(err.Error(), name+" has more than 10 bytes")) {
			t.Errorf("%d bytes: %d, %v", size, len(b), err)
		}
	}
	if b, err := Read("/dev/zero", 10); err == nil && len(b) > 0 {
		t.Errorf("a file without end: %d bytes", len(b))
	}
}
