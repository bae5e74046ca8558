package cluster

import (
	"strings"
	"testing"
)

func TestFilesOf_DividesTheLimit(t *testing.T) {
	for _, c := range []struct {
		limit     uint64
		databases int
		want      int
	}{
		{0, 500, 256},
		{1 << 20, 500, 256},
		{1 << 63, 1, 256},
		{32_768, 500, 57},
		{1024, 4, 184},
		{1024, 500, 20},
		{1024, 0, 256},
	} {
		if got := filesOf(c.limit, c.databases); got != c.want {
			t.Errorf("limit %d, %d databases: %d files each, want %d", c.limit, c.databases, got, c.want)
		}
	}
}

func TestCheckFiles_SaysWhatToDo(t *testing.T) {
	if err := checkFiles(1024, 27); err != nil {
		t.Errorf("27 tasks fit: %v", err)
	}
	if err := checkFiles(1, 0); err != nil {
		t.Errorf("no database needs a file: %v", err)
	}
	if err := checkFiles(0, 1_000_000); err != nil {
		t.Errorf("an unknown limit: %v", err)
	}
	err := checkFiles(1024, 500)
	if err == nil || !strings.Contains(err.Error(), "500 tasks needs 14256; raise the limit (ulimit -n 14256)") {
		t.Errorf("500 tasks: %v", err)
	}
}
