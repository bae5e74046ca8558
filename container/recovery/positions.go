package recovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/gretestream/grete/stream/smallfile"
)

// Positions remember which tasks have state on this disk, and how much: for each task its
// [Position]. It is a hint by which a group assigns tasks to the machines that have their
// state; what a database really holds, it says itself. Nil Positions remember nothing.
// Positions are safe for concurrent use.
type Positions struct {
	file string
	mu   sync.Mutex
	at   map[string]map[int32]int64 // by stage and task
}

// maxPositions bounds the file, in bytes. A task has about 20.
const maxPositions = 16 << 20

// OpenPositions reads what the directory has. A file that can't be parsed is ignored.
func OpenPositions(dir string) (*Positions, error) {
	p := &Positions{file: filepath.Join(dir, "positions.json"), at: make(map[string]map[int32]int64)}
	b, err := smallfile.Read(p.file, maxPositions)
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

// Of returns a copy of the positions of a stage's tasks.
func (p *Positions) Of(stage string) map[int32]int64 {
	of := make(map[int32]int64)
	if p == nil {
		return of
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(of, p.at[stage])
	return of
}

// Note remembers positions of tasks of a stage, in memory.
func (p *Positions) Note(stage string, at map[int32]int64) {
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
	maps.Copy(p.at[stage], at)
}

// Save is Note, and writes all positions to the disk. The file is replaced as a whole:
// after a crash it is the old one or the new one.
func (p *Positions) Save(stage string, at map[int32]int64) error {
	p.Note(stage, at)
	if p == nil || p.file == "" {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.write(); err != nil {
		return fmt.Errorf("noting which state is here: %w", err)
	}
	return nil
}

func (p *Positions) write() error {
	b, err := json.Marshal(p.at)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(p.file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(p.file+".new", p.file)
}
