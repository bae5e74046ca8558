package local

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// crashFS is the real file system and records all changes, so that the state after
// a crash at any point can be reconstructed.
type crashFS struct {
	osFS
	root string

	mu   sync.Mutex
	ops  []fsOp
	live map[string]int // numbers of the files by name
	last int            // number of the newest file
}

// fsOp is one change of the file system.
type fsOp struct {
	kind     opKind
	file     int    // create, write, truncate, sync
	name, to string // create, rename, remove, relative to root
	pos      int64
	data     []byte
}

type opKind string

const (
	opCreate   opKind = "create"
	opWrite    opKind = "write"
	opTruncate opKind = "truncate"
	opSync     opKind = "sync"
	opRename   opKind = "rename"
	opRemove   opKind = "remove"
	opSyncDir  opKind = "syncdir"
)

func newCrashFS(root string) *crashFS { return &crashFS{root: root, live: make(map[string]int)} }

func (f *crashFS) log(op fsOp) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops = append(f.ops, op)
	if op.kind == opCreate || op.kind == opRename || op.kind == opRemove {
		f.live = rename(f.live, op)
	}
}

// count returns the number of changes.
func (f *crashFS) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ops)
}

func (f *crashFS) relative(name string) string {
	rel, err := filepath.Rel(f.root, name)
	if err != nil {
		panic(err)
	}
	return rel
}

func (f *crashFS) OpenFile(name string, flag int) (file, error) {
	under, err := f.osFS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	rel := f.relative(name)
	if flag&os.O_TRUNC != 0 {
		f.mu.Lock()
		f.last++
		n := f.last
		f.mu.Unlock()
		f.log(fsOp{kind: opCreate, name: rel, file: n})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &crashFile{under, f, f.live[rel]}, nil
}

func (f *crashFS) Rename(from, to string) error {
	f.log(fsOp{kind: opRename, name: f.relative(from), to: f.relative(to)})
	return f.osFS.Rename(from, to)
}

func (f *crashFS) Remove(name string) error {
	f.log(fsOp{kind: opRemove, name: f.relative(name)})
	return f.osFS.Remove(name)
}

func (f *crashFS) SyncDir(string) error {
	f.log(fsOp{kind: opSyncDir})
	return nil
}

type crashFile struct {
	file
	fs *crashFS
	n  int
}

func (f *crashFile) WriteAt(p []byte, pos int64) (int, error) {
	f.fs.log(fsOp{kind: opWrite, file: f.n, pos: pos, data: slices.Clone(p)})
	return f.file.WriteAt(p, pos)
}

func (f *crashFile) Truncate(size int64) error {
	f.fs.log(fsOp{kind: opTruncate, file: f.n, pos: size})
	return f.file.Truncate(size)
}

func (f *crashFile) Sync() error {
	f.fs.log(fsOp{kind: opSync, file: f.n})
	return nil
}

// rename applies a change of names, including those of directories.
func rename(names map[string]int, op fsOp) map[string]int {
	out := make(map[string]int, len(names))
	for name, n := range names {
		switch {
		case op.kind == opRename && name == op.name:
			out[op.to] = n
		case op.kind == opRename && strings.HasPrefix(name, op.name+"/"):
			out[op.to+name[len(op.name):]] = n
		case name == op.name || op.kind == opRename && name == op.to:
		default:
			out[name] = n
		}
	}
	if op.kind == opCreate {
		out[op.name] = op.file
	}
	return out
}

// disk is the state after a crash.
type disk struct {
	names   map[string]int
	durable map[string]int // names that are synced
	renames []fsOp         // changes of names since the last sync
	files   map[int]*crashedFile
}

type crashedFile struct {
	data    []byte
	synced  []byte
	pending []fsOp // changes since the last sync
}

// replay returns the disk after the given changes. If the last one is a write, only
// its first half bytes are written.
func replay(ops []fsOp, half int) *disk {
	d := &disk{names: map[string]int{}, durable: map[string]int{}, files: map[int]*crashedFile{}}
	for i, op := range ops {
		if i == len(ops)-1 && op.kind == opWrite {
			op.data = op.data[:min(half, len(op.data))]
		}
		d.do(op)
	}
	return d
}

func (d *disk) do(op fsOp) {
	f := d.files[op.file]
	switch op.kind {
	case opCreate:
		d.files[op.file] = &crashedFile{}
		fallthrough
	case opRename, opRemove:
		d.names = rename(d.names, op)
		d.renames = append(d.renames, op)
	case opWrite, opTruncate:
		f.data = f.change(f.data, op)
		f.pending = append(f.pending, op)
	case opSync:
		f.synced, f.pending = slices.Clone(f.data), nil
	case opSyncDir:
		d.durable, d.renames = maps.Clone(d.names), nil
	}
}

func (*crashedFile) change(data []byte, op fsOp) []byte {
	size := op.pos
	if op.kind == opWrite {
		size = max(int64(len(data)), op.pos+int64(len(op.data)))
	}
	out := make([]byte, size)
	copy(out, data)
	copy(out[op.pos:], op.data)
	return out
}

// losePower undoes changes that aren't synced: random writes, and a random number
// of the latest changes of names.
func (d *disk) losePower(rnd *rand.Rand) {
	d.names = d.durable
	for _, op := range d.renames[:rnd.IntN(len(d.renames)+1)] {
		d.names = rename(d.names, op)
	}
	for _, n := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[n]
		f.data = slices.Clone(f.synced)
		for _, op := range f.pending {
			switch {
			case rnd.IntN(3) == 0:
				continue
			case op.kind == opWrite && rnd.IntN(3) == 0:
				op.data = op.data[:rnd.IntN(len(op.data)+1)]
			}
			f.data = f.change(f.data, op)
		}
	}
}

// write writes the disk to a directory.
func (d *disk) write(t interface{ Fatal(...any) }, dir string) {
	for name, n := range d.names {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, d.files[n].data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// unsyncedFS is the real file system without syncs, which makes tests faster.
type unsyncedFS struct{ osFS }

func (f unsyncedFS) OpenFile(name string, flag int) (file, error) {
	under, err := f.osFS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{under}, nil
}

func (unsyncedFS) SyncDir(string) error { return nil }

type unsyncedFile struct{ file }

func (unsyncedFile) Sync() error { return nil }
