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
	f.current().Kill()
	_ = f.current().Wait() // keepRunning checks how it ended
}

// wipe kills the program and removes its local state, as the loss of a machine does.
func (f *Fire) wipe() {
	f.t.Helper()
	f.kill()
	f.Wipes++
	f.log("wipe")
	if err := os.RemoveAll(f.dirs[f.current().dir]); err != nil {
		f.t.Fatal(err)
	}
}

func (f *Fire) pause() {
	f.t.Helper()
	f.Pauses++
	f.suspend(0, 3*time.Second)
}

// pauseUntilIdle lasts longer than it takes an input to become idle, but not so long that
// the broker aborts the transaction.
func (f *Fire) pauseUntilIdle() {
	f.t.Helper()
	f.LongPauses++
	f.suspend(11*time.Second, 14*time.Second)
}

// pauseUntilAborted lasts longer than the broker keeps a transaction open.
func (f *Fire) pauseUntilAborted() {
	f.t.Helper()
	f.LongPauses++
	f.suspend(31*time.Second, 34*time.Second)
}

func (f *Fire) suspend(least, most time.Duration) {
	f.t.Helper()
	f.log("pause")
	f.signal(f.current(), syscall.SIGSTOP)
	f.wait(least, most)
	f.signal(f.current(), syscall.SIGCONT)
	f.log("resume")
}

// startCopy starts a second process of the program while the first one is paused. Once the
// first one is resumed, the two share the work, until one of them is killed or stopped and
// the other one takes over.
func (f *Fire) startCopy() {
	f.t.Helper()
	f.Copies++
	f.log("copy")
	first := f.current()
	f.signal(first, syscall.SIGSTOP)
	f.start(1 - first.dir)
	second := f.current()
	if f.random.IntN(2) == 0 {
		f.c.Await("progress of the second process", f.progress())
	} else {
		f.wait(0, time.Second)
	}
	f.signal(first, syscall.SIGCONT)
	f.wait(0, 3*time.Second)
	ends, stays := first, second
	if f.random.IntN(2) == 0 {
		ends, stays = second, first
	}
	if f.random.IntN(2) == 0 {
		f.Kills++
		ends.Kill()
	} else {
		ends.stopping = true
		ends.Stop()
	}
	f.checkEnd(ends)
	f.lifetimes = append(f.lifetimes[:len(f.lifetimes)-2], ends, stays)
	f.log("lifetime %d goes on", stays.n)
}

func (f *Fire) stopBroker() {
	f.t.Helper()
	f.BrokerStops++
	f.log("stop the broker")
	f.c.Stop(f.t)
	f.withoutBroker()
}

func (f *Fire) killBroker() {
	f.t.Helper()
	f.BrokerKills++
	f.log("kill the broker")
	f.c.Kill(f.t)
	f.withoutBroker()
}

// withoutBroker returns when the broker is up again. In one of two cases the program is
// killed meanwhile, and started while the broker is down.
func (f *Fire) withoutBroker() {
	f.t.Helper()
	f.brokerDown, f.current().brokerDown = true, true
	f.wait(0, time.Second)
	if f.random.IntN(2) == 0 {
		f.kill()
		f.keepRunning()
	}
	f.c.Restart(f.t)
	f.brokerDown = false
	f.log("the broker is up again")
}

func (f *Fire) signal(p *lifetime, s syscall.Signal) {
	f.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !p.Ended() {
		f.t.Fatal(err)
	}
}
