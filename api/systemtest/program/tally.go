//go:build real && unix

package program

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// A Tally is what has happened.
type Tally struct {
	Kills, Wipes             int // a wipe is a kill, too
	Stops, LongStops, Copies int
	BrokerStops, BrokerKills int
	Starts                   int
	Refused                  int           // starts that failed, as the broker was away
	Slowest                  time.Duration // until there was a new result
	Lasted                   time.Duration // from the first start to the end
}

func (y Tally) String() string {
	return fmt.Sprintf("%d kills, %d of them with a wipe; %d stops and %d long ones; %d second copies; "+
		"the broker was stopped %d times and killed %d times; %d starts, %d of them without a broker; the longest time to a new result was %v; %v in all",
		y.Kills, y.Wipes, y.Stops, y.LongStops, y.Copies, y.BrokerStops, y.BrokerKills, y.Starts, y.Refused, y.Slowest.Round(time.Millisecond), y.Lasted)
}

// killsPerRound is how many kills there are in a round of fates.
const killsPerRound = 9

// Kills is how many there are to be: GRETE_KILLS, or those of one round.
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
