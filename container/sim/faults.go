package sim

import "time"

// Faults are what goes wrong in a simulation, each in one of so many cases; 0 is
// never.
type Faults struct {
	// Of requests and answers.
	LostRequests, LostAnswers, LateRequests, Repeats, Slow int
	// LateEnds: the end of a transaction comes to the broker when its producer has
	// repeated it, and may have begun the next transaction.
	LateEnds int
	// LateEndAt: the end with this number, counted from 1 in the whole world, is late in
	// any case; 0: none. Among all requests, ends are few.
	LateEndAt int
	// Of brokers, in so many ticks each.
	BrokerKills, BrokerPauses, LeaderMoves int
	// SlowMarkers: the ends of a transaction take seconds to come to partitions and
	// groups.
	SlowMarkers int
	// Of processes, in so many ticks each. A doubled one is paused for as long as a
	// second copy of it is running somewhere else.
	Kills, Pauses, Doubles, Stops, ClockJumps int
	// CommitKills: a process is killed when its commit has come to the broker.
	CommitKills int
	// CommitKillAt: the commit with this number, counted from 1 in the whole world, has
	// its process killed in any case; 0: none. Commits are few where containers often
	// join and leave, so chance alone would leave most of these worlds without one.
	CommitKillAt int
	// TearAt: from then on, the first process that has written something which its disk
	// hasn't flushed is killed, and loses the last of it; 0: none.
	TearAt time.Duration
	// Layouts: a stage gets another number of containers, in so many ticks.
	Layouts int
	// Moves: a process gets a move request for a task, in so many ticks, where tasks are
	// shared.
	Moves int
	// Holds: a process gets a request to hold its inputs for some seconds, in so many
	// ticks, where tasks are shared.
	Holds int
	// HandOvers: after the storm, tasks move from container to container for a while, and
	// meanwhile the markers of commits come late to the offsets of groups. In the storm
	// itself, few containers live long enough to commit and hand over.
	HandOvers bool
	// Wipes of a disk, in so many starts.
	Wipes int
	// Versions: a process starts as another version of the program, which can't run beside
	// the usual one, in so many starts, where tasks are shared.
	Versions int
}

// tick is how often brokers and processes are looked at for something to go wrong.
const tick = 100 * time.Millisecond

// draw makes the faults of a seed: of each kind none, some or many.
func (w *World) draw() Faults {
	rare := func(few, many int) int {
		switch w.chance.IntN(4) {
		case 0:
			return many
		case 1, 2:
			return few
		}
		return 0
	}
	f := Faults{
		LostRequests: rare(300, 60), LostAnswers: rare(300, 60), LateRequests: rare(300, 60), Repeats: rare(100, 10), Slow: rare(100, 10),
		BrokerKills: rare(300, 150), BrokerPauses: rare(300, 150), LeaderMoves: rare(100, 20), SlowMarkers: rare(20, 4),
		Kills: rare(150, 40), Pauses: rare(200, 60), Doubles: rare(400, 150), Stops: rare(200, 80), ClockJumps: rare(200, 60),
		Wipes: rare(6, 2), CommitKills: rare(40, 8), LateEnds: rare(40, 8), Layouts: rare(300, 100), Moves: rare(200, 60), Holds: rare(200, 60),
	}
	f.Versions = rare(6, 2)
	if f.CommitKills > 0 {
		f.CommitKillAt = 1 + w.chance.IntN(4)
	}
	if f.LateEnds > 0 {
		f.LateEndAt = 1 + w.chance.IntN(4)
	}
	if w.chance.IntN(4) > 0 {
		f.TearAt = w.Within(storm / 2)
	}
	f.HandOvers = w.chance.IntN(4) > 0
	return f
}

// A Fault is a kind of what goes wrong, for counting.
type Fault string

const (
	lostRequest Fault = "lost request"
	lostAnswer  Fault = "lost answer"
	lateRequest Fault = "late request"
	lateEnd     Fault = "late end of a transaction"
	repeat      Fault = "repeated request"
	slow        Fault = "slow network"
	brokerKill  Fault = "broker killed"
	brokerPause Fault = "broker paused"
	leaderMove  Fault = "leader moved"
	slowMarker  Fault = "slow marker"
	processKill Fault = "process killed"
	commitKill  Fault = "process killed while it commits"
	layout      Fault = "other number of containers"
	pause       Fault = "process paused"
	double      Fault = "second copy"
	cleanStop   Fault = "process stopped"
	clockJump   Fault = "clock jump"
	wipe        Fault = "disk wiped"
	tornWrite   Fault = "torn write"
	taskMove    Fault = "move request"
	inputsHeld  Fault = "inputs held"
	version     Fault = "another version"
	lateOffsets Fault = "late marker of offsets at a hand-over"
)

// AllFaults are the kinds that there are, for a job whose tasks are shared or not.
func AllFaults(shared bool) []Fault {
	all := []Fault{
		lostRequest, lostAnswer, lateRequest, lateEnd, repeat, slow, brokerKill, brokerPause, leaderMove, slowMarker,
		processKill, commitKill, layout, pause, double, cleanStop, clockJump, wipe, tornWrite,
	}
	if shared {
		all = append(all, taskMove, inputsHeld, version, lateOffsets)
	}
	return all
}

// hit decides whether something goes wrong now, and notes it.
func (s *Simulation) hit(n int, k Fault) bool {
	if s.calm && !s.resetting || !s.World.Often(n) {
		return false
	}
	s.Hits[k]++
	return true
}

// plannedLateEnd counts an end of a transaction that is sent, and decides whether it is
// the one that the seed has chosen to be late.
func (s *Simulation) plannedLateEnd() bool {
	if s.calm {
		return false
	}
	s.endsSent++
	if s.endsSent != s.faults.LateEndAt {
		return false
	}
	s.Hits[lateEnd]++
	return true
}

// plannedCommitKill counts a commit, and decides whether it is the one that the seed
// has chosen to have its process killed.
func (s *Simulation) plannedCommitKill() bool {
	if s.calm {
		return false
	}
	s.commits++
	if s.commits != s.faults.CommitKillAt {
		return false
	}
	s.Hits[commitKill]++
	return true
}

// plannedTear decides whether a process is the one that is killed to lose what its disk
// hasn't flushed.
func (s *Simulation) plannedTear(p *Process) bool {
	at := s.faults.TearAt
	if at == 0 || s.trace.since() < at || !p.machine.disk.unflushed() {
		return false
	}
	s.faults.TearAt = 0
	return true
}
