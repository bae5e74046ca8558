//go:build real && unix

package program

import (
	"os"
	"syscall"
	"time"
)

func (f *Fire) kill() {
	f.t.Helper()
	f.Kills++
	f.log("kill")
	f.life().Kill()
	_ = f.life().Wait() // tend looks at it
}

// wipe has the program lose its local state, as a machine that is lost does.
func (f *Fire) wipe() {
	f.t.Helper()
	f.kill()
	f.Wipes++
	f.log("wipe")
	if err := os.RemoveAll(f.dirs[f.life().dir]); err != nil {
		f.t.Fatal(err)
	}
}

func (f *Fire) stop() {
	f.t.Helper()
	f.Stops++
	f.standStill(0, 3*time.Second)
}

// stopUntilIdle lasts longer than it takes an input to be idle, and not so long that
// the transaction is aborted.
func (f *Fire) stopUntilIdle() {
	f.t.Helper()
	f.LongStops++
	f.standStill(11*time.Second, 14*time.Second)
}

// stopUntilAborted lasts longer than the broker keeps a transaction open.
func (f *Fire) stopUntilAborted() {
	f.t.Helper()
	f.LongStops++
	f.standStill(31*time.Second, 34*time.Second)
}

func (f *Fire) standStill(least, most time.Duration) {
	f.t.Helper()
	f.log("stop")
	f.signal(f.life(), syscall.SIGSTOP)
	f.wait(least, most)
	f.signal(f.life(), syscall.SIGCONT)
	f.log("go on")
}

// copy starts a second copy beside the program, which stands still for a while and then
// goes on: the two share the work, until one of them ends, in one way or the other, and
// leaves it to the other one.
func (f *Fire) copy() {
	f.t.Helper()
	f.Copies++
	f.log("copy")
	first := f.life()
	f.signal(first, syscall.SIGSTOP)
	f.start(1 - first.dir)
	second := f.life()
	if f.random.IntN(2) == 0 {
		f.c.Await("the second copy to get on", f.grown())
	} else {
		f.wait(0, time.Second)
	}
	f.signal(first, syscall.SIGCONT)
	f.wait(0, 3*time.Second)
	ends, lasts := first, second
	if f.random.IntN(2) == 0 {
		ends, lasts = second, first
	}
	if f.random.IntN(2) == 0 {
		f.Kills++
		ends.Kill()
	} else {
		ends.asked = true
		ends.Stop()
	}
	f.ended(ends)
	f.lives = append(f.lives[:len(f.lives)-2], ends, lasts)
	f.log("life %d goes on", lasts.n)
}

func (f *Fire) brokerStops() {
	f.t.Helper()
	f.BrokerStops++
	f.log("the broker is stopped")
	f.c.Stop(f.t)
	f.brokerIsAway()
}

func (f *Fire) brokerIsKilled() {
	f.t.Helper()
	f.BrokerKills++
	f.log("the broker is killed")
	f.c.Kill(f.t)
	f.brokerIsAway()
}

// brokerIsAway ends with the broker's return. As likely as not the program is killed
// meanwhile, and started while there is no broker.
func (f *Fire) brokerIsAway() {
	f.t.Helper()
	f.away, f.life().away = true, true
	f.wait(0, time.Second)
	if f.random.IntN(2) == 0 {
		f.kill()
		f.tend()
	}
	f.c.Restart(f.t)
	f.away = false
	f.log("the broker is back")
}

func (f *Fire) signal(p *life, s syscall.Signal) {
	f.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !p.Ended() {
		f.t.Fatal(err)
	}
}
