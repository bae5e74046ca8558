package main

import (
	"log/slog"
	"os"
	"sync"
)

// A mark is a file that is made once, to show others that the first record is being
// processed.
type mark struct {
	once sync.Once
	file string
}

func newMark(file string) *mark { return &mark{file: file} }

// set makes the file. Several tasks may do so at once.
func (m *mark) set() {
	m.once.Do(func() {
		if err := os.WriteFile(m.file, nil, 0o644); err != nil {
			slog.Warn("the first record can't be marked", "error", err)
		}
	})
}
