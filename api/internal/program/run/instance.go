package run

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gretestream/grete/container/membership"
	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/stream"
	"github.com/gretestream/grete/stream/smallfile"
)

// maxInstance bounds -instance, in characters, and maxIdentity an identity, in bytes: they
// become parts of names, which Kafka bounds.
const (
	maxInstance = 100
	maxIdentity = 200
)

// checkInstance checks -instance, once it is known what the job runs on.
func (s *settings) checkInstance() error {
	switch {
	case s.Instance == "":
		return nil
	case s.kafka == nil:
		return fmt.Errorf("-instance %s: the embedded log is for one process, which needs no name; add -kafka HOST:PORT", s.Instance)
	case s.Once:
		return fmt.Errorf("-instance %s: a run with -once has the job alone, and needs no name", s.Instance)
	case len(s.Instance) > maxInstance:
		return fmt.Errorf("-instance has %d characters: at most %d are possible", len(s.Instance), maxInstance)
	case strings.IndexFunc(s.Instance, notInName) >= 0:
		return fmt.Errorf("-instance %q: use only letters, digits, '.', '_' and '-', as Kafka does", s.Instance)
	}
	return nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}

// identify returns the identity of this process: -instance, or else that of its data
// directory.
func (s *settings) identify(data directory) (string, error) {
	if s.Instance != "" {
		return s.Instance, nil
	}
	identity, err := readIdentity(filepath.Join(data.path, "identity"))
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", data.path, err)
	}
	return identity, nil
}

// isOf reports whether a member is a container of a process: its name is that of the process
// and a number.
func isOf(member, identity string) bool {
	index, found := strings.CutPrefix(member, identity+"-")
	return found && index != "" && strings.Trim(index, "0123456789") == ""
}

// readIdentity reads the file, or creates it with a new identity, atomically.
func readIdentity(file string) (string, error) {
	b, err := smallfile.Read(file, maxIdentity)
	if identity := strings.TrimSpace(string(b)); err == nil && identity != "" {
		return identity, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	identity := strings.ToLower(rand.Text())[:12]
	return identity, writeFile(file, []byte(identity+"\n"))
}

// writeFile writes a file atomically.
func writeFile(file string, b []byte) error {
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// A replaced file in the data directory says that a newer process of the same instance has
// replaced this one. A supervisor may restart this process, and it would replace the newer
// one in turn, without end. So it doesn't start while the other one is a member.
type replaced struct {
	Instance string    `json:"instance"`
	Host     string    `json:"host"` // of the newer process
	At       time.Time `json:"at"`
}

// maxReplaced bounds the file, in bytes.
const maxReplaced = 4096

func (d directory) replaced() string { return filepath.Join(d.path, "replaced") }

// noteReplaced writes the file, if that is why the run has failed.
func (c *connection) noteReplaced(err error) error {
	by := (*membership.ReplacedError)(nil)
	if !errors.As(err, &by) {
		return err
	}
	b, failed := json.Marshal(replaced{c.identity, by.Host, time.Now()})
	return errors.Join(err, failed, writeFile(c.data.replaced(), b))
}

// checkReplaced returns an error if a newer process has replaced this one, and still runs.
func (j *job) checkReplaced(ctx context.Context) error {
	group, ok := j.system.(stream.Grouper)
	if !ok || !j.shares() || j.supervises() {
		return nil
	}
	b, err := smallfile.Read(j.data.replaced(), maxReplaced)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var by replaced
	if json.Unmarshal(b, &by) == nil && by.Instance == j.identity {
		runs, err := runsElsewhere(ctx, group, j.stages(j.plan), by.Instance)
		if err != nil {
			return err
		}
		if runs {
			return fmt.Errorf("instance %s runs on %s, where it replaced this process at %s; stop it there, or start this process as another -instance or with another -data directory",
				by.Instance, by.Host, by.At.UTC().Format(time.RFC3339))
		}
	}
	return os.Remove(j.data.replaced())
}

// runsElsewhere reports whether an instance is a member of the group of a stage.
func runsElsewhere(ctx context.Context, group stream.Grouper, stages []scheduler.Stage, instance string) (bool, error) {
	for i := range stages {
		state, err := group.Group(ctx, stages[i].Group)
		if err != nil {
			return false, err
		}
		for _, m := range state.Members {
			if isOf(m.Instance, instance) {
				return true, nil
			}
		}
	}
	return false, nil
}
