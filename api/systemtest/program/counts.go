//go:build real && unix

package program

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// Counts are the faults that were injected, and what became of the program.
type Counts struct {
	Kills, Wipes               int // a wipe is a kill, too
	Pauses, LongPauses, Copies int
	BrokerStops, BrokerKills   int
	Starts                     int
	Refused                    int           // starts that failed because the broker was down
	Slowest                    time.Duration // the longest wait for a new result
	Lasted                     time.Duration // from the first start to the end
}

func (c Counts) String() string {
	return fmt.Sprintf("%d kills, %d of them with a wipe; %d pauses and %d long ones; %d second processes; "+
		"the broker was stopped %d times and killed %d times; %d starts, %d of them without a broker; the longest time to a new result was %v; %v in all",
		c.Kills, c.Wipes, c.Pauses, c.LongPauses, c.Copies, c.BrokerStops, c.BrokerKills, c.Starts, c.Refused, c.Slowest.Round(time.Millisecond), c.Lasted)
}

// killsPerRound is how many kills a round of faults has.
const killsPerRound = 9

// Kills returns how many kills to inject: GRETE_KILLS, or those of one round.
func Kills(t testing.TB) int {
	t.Helper()
	text := os.Getenv("GRETE_KILLS")
	if text == "" {
		return killsPerRound
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("GRETE_KILLS: %v", err)
	}
	return n
}
