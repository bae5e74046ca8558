//go:build real && unix

package program

import (
	"slices"
	"strings"
	"syscall"
)

// A lifetime is the program from one start to its end.
type lifetime struct {
	*Process
	n          int // from 1 on
	dir        int // in Fire.dirs
	stopping   bool
	brokerDown bool // the broker was down during it
}

// current returns the newest lifetime.
func (f *Fire) current() *lifetime { return f.lifetimes[len(f.lifetimes)-1] }

func (f *Fire) start(dir int) {
	f.t.Helper()
	f.Starts++
	p := Start(f.t, f.path, append(slices.Clone(f.args), "-data", f.dirs[dir])...)
	f.lifetimes = append(f.lifetimes, &lifetime{Process: p, n: f.Starts, dir: dir, brokerDown: f.brokerDown})
	f.log("lifetime %d starts", f.Starts)
}

// keepRunning starts the program if it doesn't run.
func (f *Fire) keepRunning() {
	f.t.Helper()
	p := f.current()
	if !p.Ended() {
		return
	}
	f.checkEnd(p)
	f.start(p.dir)
}

// checkEnd waits for the end of a lifetime. It fails the test unless the program was
// killed, got a signal to stop, or started without a broker.
func (f *Fire) checkEnd(p *lifetime) {
	f.t.Helper()
	err := p.Wait()
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signal() == syscall.SIGKILL {
		return
	}
	switch {
	case p.stopping && err == nil:
		return
	case p.brokerDown && !strings.Contains(p.Messages(), "on Kafka at"):
		f.Refused++
		return
	}
	f.t.Errorf("%v: the program has ended by itself: %v\n%s", f.elapsed(), err, p.Messages())
}
