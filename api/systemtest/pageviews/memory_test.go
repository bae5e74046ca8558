//go:build rocksdb && real && linux

package pageviews

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/api/systemtest/program"
	"github.com/gretestream/grete/container"
	"github.com/gretestream/grete/scheduler"
)

// partitionsVariable has the numbers of partitions of TestMemory_WithinLimit, separated by
// commas.
const partitionsVariable = "GRETE_MEMORY_PARTITIONS"

// A process stays within the limit that a job on Nomad would give it, for any number of
// partitions: its anonymous memory is all that can't be dropped.
func TestMemory_WithinLimit(t *testing.T) {
	path := program.Build(t, "pageviews")
	file := filepath.Join(t.TempDir(), "views.json")
	writeViews(t, file, 600_000)
	numbers := os.Getenv(partitionsVariable)
	if numbers == "" {
		numbers = "4,64"
	}
	for text := range strings.SplitSeq(numbers, ",") {
		partitions, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%s: %v", partitionsVariable, numbers, err)
		}
		for _, mb := range []int64{64, 256} {
			t.Run(fmt.Sprintf("%d partitions/%d MB", partitions, mb), func(t *testing.T) {
				testMemory(t, path, file, partitions, mb)
			})
		}
	}
}

func testMemory(t *testing.T, path, file string, partitions int, mb int64) {
	p := program.Start(t, path, "-data", t.TempDir(), "-memory", fmt.Sprintf("%dMB", mb), "-partitions", strconv.Itoa(partitions),
		"-feed", input+"="+file, "-once", "-http", "off")
	peak := p.PeakAnonymous()
	if err := p.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.Messages())
	}
	// The process has a container of each of two stages, and all of their tasks.
	load := container.Load{Containers: 2, Memory: mb << 20}
	load.AddTasks(&scheduler.Stage{}, partitions)
	load.AddTasks(&scheduler.Stage{Stores: make([]scheduler.Store, 1)}, partitions)
	t.Logf("%d MB of anonymous memory at most, of %d MB", peak>>20, load.ProcessMemory()>>20)
	if peak == 0 || peak > load.ProcessMemory() {
		t.Errorf("%d MB of anonymous memory, and the limit is %d MB\n%s", peak>>20, load.ProcessMemory()>>20, p.Messages())
	}
}

// writeViews writes views of many users within a few minutes, so that windows are large.
func writeViews(t *testing.T, file string, n int) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	for v := range generate(200_000, 300*time.Microsecond) {
		if n--; n < 0 {
			break
		}
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
