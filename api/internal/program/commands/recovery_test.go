package commands_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gretestream/grete/api"
	"github.com/gretestream/grete/api/internal/program/programtest"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/local"
)

// fedOnce runs words once over a file, in a directory that stays.
func fedOnce(t *testing.T) (dir string, args []string) {
	t.Helper()
	dir = t.TempDir()
	file := programtest.WriteFile(t, filepath.Join(dir, "words.json"), `{"word":"a"}`+"\n"+`{"word":"b"}`+"\n")
	args = []string{"-feed", "words=" + file, "-once", "-print", "counts", "-data", filepath.Join(dir, "data"), "-partitions", "2"}
	r := runMain(t.Context(), words(), args...).Succeeded(t)
	if got := r.Lines(); !slices.Equal(got, []string{"1\n", "1\n"}) {
		t.Fatalf("printed %q", got)
	}
	programtest.WriteFile(t, file, `{"word":"a"}`+"\n"+`{"word":"b"}`+"\n"+`{"word":"a"}`+"\n")
	return filepath.Join(dir, "data"), args
}

func TestState_RestoredFromChangelog(t *testing.T) {
	data, args := fedOnce(t)
	if err := os.RemoveAll(filepath.Join(data, "state")); err != nil {
		t.Fatal(err)
	}
	if r := runMain(t.Context(), words(), args...).Succeeded(t); r.Out != "2\n" {
		t.Errorf("printed %q", r.Out)
	}
}

// State of a log that was deleted is discarded.
func TestState_OfAnotherLogDiscarded(t *testing.T) {
	data, args := fedOnce(t)
	if err := os.RemoveAll(filepath.Join(data, "log")); err != nil {
		t.Fatal(err)
	}
	r := runMain(t.Context(), words(), args...).Succeeded(t)
	if got := r.Lines(); !slices.Equal(got, []string{"1\n", "1\n", "2\n"}) {
		t.Errorf("printed %q", got)
	}
}

// If another client has moved the group's offset, the state doesn't match the records
// that would be read next.
func TestState_RefusesOffsetsChangedFromOutside(t *testing.T) {
	data, args := fedOnce(t)
	log, err := local.Open(filepath.Join(data, "log"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := log.OpenProducer(context.Background(), stream.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	tp := stream.TopicPartition{Topic: "words", Partition: 0}
	if _, err := p.Commit(context.Background(), stream.GroupOffsets{Group: "words-words", Positions: []stream.Position{{TopicPartition: tp, Offset: 0}}}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).Failed(t, "words/0", "group words-words", "from outside")
}

// The process that holds the directory is named, and nothing is touched.
func TestRun_RefusesDirectoryOfRunningJob(t *testing.T) {
	data, args := fedOnce(t)
	log, err := local.Open(filepath.Join(data, "log"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	runMain(t.Context(), words(), args...).Failed(t, "in use", "pid")
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if r := runMain(t.Context(), words(), args...).Succeeded(t); r.Out != "2\n" {
		t.Errorf("printed %q", r.Out)
	}
}

// A damaged segment is detected when it is read.
func TestRun_ReportsCorruptSegment(t *testing.T) {
	data, args := fedOnce(t)
	// The new line goes to the first partition; damage its log behind the part
	// that was read.
	segments, err := filepath.Glob(filepath.Join(data, "log", "topics", "words", "*.log"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	failing := api.New("words")
	failing.From[word]("words").PartitionBy("by-word", func(w word) string {
		panic("not yet")
	}).Count("count").To("counts")
	runMain(t.Context(), failing, args...).Failed(t, "not yet") // the line is fed
	for _, s := range segments {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 {
			b[len(b)-3] ^= 0xff
		}
		if err := os.WriteFile(s, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runMain(t.Context(), words(), args...).Failed(t, "corrupt", "words")
}
