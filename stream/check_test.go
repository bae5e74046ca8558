package stream

import (
	"strings"
	"testing"
)

func TestTopicConfig_Check(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "a b", "ü", strings.Repeat("x", 250), "a\x00"} {
		if _, err := (TopicConfig{Name: name, Partitions: 1}).Check(); err == nil {
			t.Errorf("topic name %q is accepted", name)
		}
	}
	for _, name := range []string{"a", "A.b_c-9", ".a", "...", strings.Repeat("x", 249)} {
		cfg, err := TopicConfig{Name: name, Partitions: 1}.Check()
		if err != nil || cfg.Cleanup != CleanupDelete {
			t.Errorf("topic name %q: %+v, %v", name, cfg, err)
		}
	}
	if _, err := (TopicConfig{Name: "a"}).Check(); err == nil {
		t.Error("a topic without partitions is accepted")
	}
	if _, err := (TopicConfig{Name: "a", Partitions: 1, Cleanup: "both"}).Check(); err == nil {
		t.Error("an unknown cleanup is accepted")
	}
}

func TestGroupOffsets_Check(t *testing.T) {
	pos := func(o int64) []Position { return []Position{{TopicPartition{"t", 0}, o}} }
	if (&GroupOffsets{}).Check() != nil || (&GroupOffsets{Group: "g", Positions: pos(0)}).Check() != nil {
		t.Error("valid offsets are rejected")
	}
	if (&GroupOffsets{Positions: pos(0)}).Check() == nil || (&GroupOffsets{Group: "g", Positions: pos(-1)}).Check() == nil {
		t.Error("invalid offsets are accepted")
	}
}
