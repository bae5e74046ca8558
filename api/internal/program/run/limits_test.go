package run

import (
	"strings"
	"testing"

	"github.com/gretestream/grete/container"
)

func TestCheckMemory_SaysWhatToDo(t *testing.T) {
	load := container.Load{Containers: 1, Memory: 256 << 20, Tasks: 500, Databases: 500, Stores: 500}
	if err := checkMemory(0, load); err != nil {
		t.Errorf("without a limit: %v", err)
	}
	if err := checkMemory(1<<30, load); err != nil {
		t.Errorf("with 1 GB: %v", err)
	}
	err := checkMemory(384<<20, load)
	if want := "is 384 MB, and 500 tasks need 634 MB with -memory 256MB; raise the limit, lower -memory"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("with 384 MB: %v, want %s", err, want)
	}
}
