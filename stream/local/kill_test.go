package local

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
)

// childVariable makes the test binary run commitForever, in the process that the
// test kills.
const childVariable = "GRETE_TEST_COMMIT_FOREVER"

func childDir() string { return os.Getenv(childVariable) }

const (
	killTopic = "killed"
	killParts = 8
	killGroup = "killed"
)

// commitForever sends the number of the commit to every partition, commits it with
// the offset of a group, and prints it when the commit has returned. Segments are so
// small that they are rolled and compacted meanwhile, and the commit log is synced
// and rewritten.
func commitForever(dir string) {
	ctx := context.Background()
	sys, err := Open(dir, Options{CompactedSegmentBytes: 20 << 10, SyncInterval: 3 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	if err := sys.Admin().CreateTopic(ctx, stream.TopicConfig{Name: killTopic, Partitions: killParts, Cleanup: stream.CleanupCompact}); err != nil {
		ends, err := sys.Admin().Ends(ctx, stream.TopicPartition{Topic: killTopic})
		if err != nil || ends[0] == 0 {
			panic(err)
		}
	}
	offsets, err := sys.Admin().Committed(ctx, killGroup, stream.TopicPartition{Topic: killTopic})
	if err != nil {
		panic(err)
	}
	p, err := sys.OpenProducer(ctx, stream.ProducerConfig{ID: killGroup})
	if err != nil {
		panic(err)
	}
	w, err := p.Writer(killTopic)
	if err != nil {
		panic(err)
	}
	for i := max(offsets[0], 0) + 1; ; i++ {
		for part := range int32(killParts) {
			r := stream.Record{Key: []byte{byte(i % 10)}, Value: []byte(strconv.FormatInt(i, 10))}
			if err := w.Send(part, &r); err != nil {
				panic(err)
			}
		}
		if i%3 == 0 {
			if err := w.Send(int32(i%killParts), &stream.Record{Key: []byte("big"), Value: make([]byte, 5000)}); err != nil {
				panic(err)
			}
		}
		if _, err := p.Commit(ctx, stream.GroupOffsets{Group: killGroup, Positions: []stream.Position{
			{TopicPartition: stream.TopicPartition{Topic: killTopic}, Offset: i},
		}}); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(strconv.FormatInt(i, 10) + "\n") // if the test has ended, this process soon ends too
		if i%200 == 0 {
			sys.mu.Lock()
			sys.commits.rewriteAt = 0
			sys.mu.Unlock()
			signal(sys.grown)
		}
	}
}

// After each kill all partitions and the group are at the same commit, and no commit
// that has returned is lost.
func TestCommit_SurvivesKill(t *testing.T) {
	dir := t.TempDir()
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	for range rounds {
		returned := runAndKill(t, dir)
		at := checkKilled(t, dir)
		if at < returned {
			t.Fatalf("commit %d has returned, but the log is at %d", returned, at)
		}
	}
}

// runAndKill runs commitForever, kills it and returns the last commit that has
// returned.
func runAndKill(t *testing.T, dir string) int64 {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var last int64
	for n := rand.IntN(300) + 1; n > 0 && lines.Scan(); n-- {
		last, _ = strconv.ParseInt(lines.Text(), 10, 64)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			last = n
		}
	}
	if err := cmd.Wait(); err == nil || last == 0 {
		t.Fatalf("the child ended before it was killed: %v", err)
	}
	return last
}

func checkKilled(t *testing.T, dir string) int64 {
	l := openLog(t, dir, Options{})
	defer l.Close()
	at, err := l.Admin().Committed(context.Background(), killGroup, part(killTopic))
	l.must(err)
	for i := range int32(killParts) {
		last := int64(0)
		newest := make(map[string]int64)
		for _, r := range l.all(stream.TopicPartition{Topic: killTopic, Partition: i}) {
			if string(r.Key) == "big" {
				continue
			}
			n, err := strconv.ParseInt(string(r.Value), 10, 64)
			if err != nil || n <= last {
				t.Fatalf("partition %d: %d after %d, %v", i, n, last, err)
			}
			last = n
			newest[string(r.Key)] = n
		}
		if last != at[0] {
			t.Fatalf("partition %d is at commit %d, the group at %d", i, last, at[0])
		}
		for key := range byte(10) { // compaction must not lose a key
			want := at[0] - (at[0]-int64(key)+10)%10
			if want > 0 && newest[string([]byte{key})] != want {
				t.Fatalf("partition %d, key %d: %d, want %d", i, key, newest[string([]byte{key})], want)
			}
		}
	}
	return at[0]
}
