package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
)

// Positions remember which tasks have state on this disk, and how much of it: for each
// the sum of the offsets up to which its changelogs are in it. It is a hint, by which
// a group gives tasks to whom they are at home; what a database holds it says itself.
// A nil one remembers nothing. It is safe for concurrent use.
type Positions struct {
	file string
	mu   sync.Mutex
	at   map[string]map[int32]int64 // by stage and task
}

// OpenPositions reads what the directory remembers. What can't be read is forgotten.
func OpenPositions(dir string) (*Positions, error) {
	p := &Positions{file: filepath.Join(dir, "positions.json"), at: make(map[string]map[int32]int64)}
	b, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading which state is here: %w", err)
	}
	if json.Unmarshal(b, &p.at) != nil {
		p.at = make(map[string]map[int32]int64)
	}
	return p, nil
}

// of returns a copy of what is remembered of a stage.
func (p *Positions) of(stage string) map[int32]int64 {
	if p == nil {
		return make(map[int32]int64)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	of := make(map[int32]int64)
	maps.Copy(of, p.at[stage])
	return of
}

// note takes the positions of tasks of a stage in.
func (p *Positions) note(stage string, tasks []*task) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = make(map[string]map[int32]int64)
	}
	if p.at[stage] == nil {
		p.at[stage] = make(map[int32]int64)
	}
	for _, t := range tasks {
		if t.State != nil {
			p.at[stage][t.ID] = t.position()
		}
	}
}

// remember notes the positions of tasks of a stage, and keeps all on the disk. The file is replaced as a whole:
// after a crash it is as it was, or as it is.
func (p *Positions) remember(stage string, tasks []*task) error {
	p.note(stage, tasks)
	if p == nil || p.file == "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := json.Marshal(p.at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(p.file+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(p.file+".new", p.file)
}

// remember keeps the positions of tasks.
func (c *Container) remember(tasks []*task) error {
	if c.cfg.Membership == nil || len(tasks) == 0 {
		return nil
	}
	if err := c.cfg.Positions.remember(c.cfg.Stage.Name, tasks); err != nil {
		return fmt.Errorf("noting which state is here: %w", err)
	}
	return nil
}

// position is how much of the task's changelogs is in its state.
func (t *task) position() int64 {
	var sum int64
	for _, at := range t.changelogs {
		sum += at
	}
	return sum
}
