package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/smallfile"
)

// format is the version of the directory's contents. It increases when older
// programs can't read them any more.
const format = 1

// logInfo is log.json.
type logInfo struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
}

// openInfo reads log.json, and creates it in a new directory.
func openInfo(fs fileSystem, dir string, now time.Time, durable bool) (logInfo, error) {
	name := filepath.Join(dir, "log.json")
	var info logInfo
	found, err := readJSON(name, &info)
	switch {
	case err != nil:
		return info, err
	case found && info.Format > format:
		return info, fmt.Errorf("%s: the log has format %d, this program supports %d; use a newer program", name, info.Format, format)
	case found && (info.Format < 1 || info.ID == ""):
		return info, fmt.Errorf("%s: %w: format %d, id %q", name, stream.ErrCorrupt, info.Format, info.ID)
	case found:
		return info, nil
	}
	if _, err := os.Stat(filepath.Join(dir, commitsFile)); err == nil {
		return info, fmt.Errorf("%s: %w: the directory has a commit log, but this file is missing", name, stream.ErrCorrupt)
	}
	info = logInfo{Format: format, ID: rand.Text(), Created: now.UTC()}
	return info, writeJSON(fs, name, info, durable)
}

// topicInfo is topic.json.
type topicInfo struct {
	Name       string         `json:"name"`
	ID         string         `json:"id,omitempty"`
	Partitions int32          `json:"partitions"`
	Cleanup    stream.Cleanup `json:"cleanup"`
	Retention  time.Duration  `json:"retention"` // ns; 0: the log's default, negative: forever
}

const topicFile = "topic.json"

// saveTopic creates a topic's directory atomically: under a temporary name outside
// the topics directory first.
func (s *System) saveTopic(cfg stream.TopicConfig, id string) error {
	fs, durable := s.opts.fs, s.opts.Sync != SyncNever
	tmp := filepath.Join(s.dir, "new-topic")
	if err := fs.Mkdir(tmp); err != nil {
		return err
	}
	info := topicInfo{Name: cfg.Name, ID: id, Partitions: cfg.Partitions, Cleanup: cfg.Cleanup, Retention: cfg.Retention}
	if err := writeJSON(fs, filepath.Join(tmp, topicFile), info, durable); err != nil {
		return err
	}
	if err := fs.Rename(tmp, s.topicDir(cfg.Name)); err != nil || !durable {
		return err
	}
	return fs.SyncDir(filepath.Join(s.dir, topicsDir))
}

const topicsDir = "topics"

func (s *System) topicDir(name string) string { return filepath.Join(s.dir, topicsDir, name) }

// loadTopics reads the configurations of all topics.
func (s *System) loadTopics() error {
	root := filepath.Join(s.dir, topicsDir)
	if err := s.opts.fs.Mkdir(root); err != nil {
		return err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		name := filepath.Join(root, e.Name(), topicFile)
		var info topicInfo
		found, err := readJSON(name, &info)
		if err != nil {
			return err
		}
		cfg, err := stream.TopicConfig{Name: info.Name, Partitions: info.Partitions, Cleanup: info.Cleanup, Retention: info.Retention}.Check()
		if !found || err != nil || info.Name != e.Name() {
			return fmt.Errorf("%s: %w: the file doesn't describe topic %s", name, stream.ErrCorrupt, e.Name())
		}
		s.topics[info.Name] = newTopic(s, cfg, info.ID)
	}
	return nil
}

// maxJSON bounds log.json and each topic.json, in bytes.
const maxJSON = 1 << 20

// readJSON decodes a file and reports whether it exists.
func readJSON(name string, v any) (bool, error) {
	data, err := smallfile.Read(name, maxJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("%s: %w: %w", name, stream.ErrCorrupt, err)
	}
	return true, nil
}

func writeJSON(fs fileSystem, name string, v any, durable bool) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(fs, name, append(data, '\n'), durable)
}
