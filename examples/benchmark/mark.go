package main

import (
	"log/slog"
	"os"
	"sync"
)

// A mark is a file that is created once, to show that the first record is being processed.
type mark struct {
	once sync.Once
	file string
}

func newMark(file string) *mark { return &mark{file: file} }

// set creates the file. It is safe for concurrent use.
func (m *mark) set() {
	m.once.Do(func() {
		if err := os.WriteFile(m.file, nil, 0o644); err != nil {
			slog.Warn("can't mark the first record", "error", err)
		}
	})
}
