//go:build real && unix

package program

import (
	"slices"
	"strings"
	"syscall"
)

// A life is the program from a start to its end.
type life struct {
	*Process
	n     int // from 1 on
	dir   int
	asked bool // to end
	away  bool // the broker was away meanwhile
}

func (f *Fire) life() *life { return f.lives[len(f.lives)-1] }

func (f *Fire) start(dir int) {
	f.t.Helper()
	f.Starts++
	p := Start(f.t, f.path, append(slices.Clone(f.args), "-data", f.dirs[dir])...)
	f.lives = append(f.lives, &life{Process: p, n: f.Starts, dir: dir, away: f.away})
	f.log("life %d starts", f.Starts)
}

// tend starts the program if it doesn't run.
func (f *Fire) tend() {
	f.t.Helper()
	p := f.life()
	if !p.Ended() {
		return
	}
	f.ended(p)
	f.start(p.dir)
}

// ended looks at how a life has ended: by a kill, or because it was asked to, or because
// there was no broker when it started.
func (f *Fire) ended(p *life) {
	f.t.Helper()
	err := p.Wait()
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signal() == syscall.SIGKILL {
		return
	}
	switch {
	case p.asked && err == nil:
		return
	case p.away && !strings.Contains(p.Messages(), "on Kafka at"):
		f.Refused++
		return
	}
	f.t.Errorf("%v: the program has ended by itself: %v\n%s", f.since(), err, p.Messages())
}
