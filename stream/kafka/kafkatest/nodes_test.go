//go:build real

package kafkatest

import (
	"slices"
	"testing"
	"time"
)

func TestRestart_KeepsRecords(t *testing.T) {
	c := Start(t, Options{})
	c.CreateTopic(t, "kept", 1, nil)
	client := c.Franz(t)
	write(t, client, "kept", "before")
	c.Kill(t, 1)
	begun := time.Now()
	c.Restart(t)
	t.Log("ready again after a kill in", time.Since(begun))
	write(t, client, "kept", "between")
	begun = time.Now()
	c.Stop(t)
	t.Log("stopped in", time.Since(begun))
	c.Restart(t, 1)
	write(t, client, "kept", "after")
	expect(t, client, "kept", "before", "between", "after")
}

func TestPause_HoldsRequests(t *testing.T) {
	c := Start(t, Options{})
	c.CreateTopic(t, "held", 1, nil)
	client := c.Franz(t)
	write(t, client, "held", "before")
	c.Pause(t, 1)
	sent := writeAsync(t, client, "held", "after")
	select {
	case err := <-sent:
		t.Fatal("a suspended broker acknowledged a record:", err)
	case <-time.After(300 * time.Millisecond):
	}
	c.Resume(t, 1)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	expect(t, client, "held", "before", "after")
}

func TestThreeBrokers_TakeOverFromEachOther(t *testing.T) {
	begun := time.Now()
	c := Start(t, Options{Brokers: 3})
	t.Log("ready after", time.Since(begun))
	if n := len(c.Bootstrap()); n != 3 {
		t.Fatal(n, "addresses")
	}
	c.CreateTopic(t, "moved", 6, nil)
	for _, to := range []int32{2, 3, 1} {
		begun := time.Now()
		c.MoveLeaders(t, "moved", to)
		t.Log("moved in", time.Since(begun))
		if want := slices.Repeat([]int32{to}, 6); !slices.Equal(c.Leaders(t, "moved"), want) {
			t.Errorf("leaders are %v, want %v", c.Leaders(t, "moved"), want)
		}
	}

	// A broker without a replica gets one.
	if _, err := c.Admin().CreateTopic(within(t), 1, 1, nil, "single"); err != nil {
		t.Fatal(err)
	}
	client := c.Franz(t)
	write(t, client, "single", "a", "b")
	other := c.Leaders(t, "single")[0]%3 + 1
	c.MoveLeaders(t, "single", other)
	expect(t, client, "single", "a", "b")

	// The others take over from a killed broker, and it returns.
	c.CreateTopic(t, "lost", 1, nil)
	c.MoveLeaders(t, "lost", 2)
	write(t, client, "lost", "before")
	c.Kill(t, 2)
	begun = time.Now()
	waitFor(t, "another leader", func() bool { l := c.Leaders(t, "lost")[0]; return l > 0 && l != 2 })
	t.Log("another leader after", time.Since(begun))
	write(t, client, "lost", "meanwhile")
	begun = time.Now()
	c.Restart(t, 2)
	t.Log("back after", time.Since(begun))
	c.MoveLeaders(t, "lost", 2)
	write(t, client, "lost", "after")

	// A stopped broker hands over its leaderships.
	c.MoveLeaders(t, "moved", 3)
	c.Stop(t, 3)
	begun = time.Now()
	waitFor(t, "other leaders", func() bool {
		return !slices.ContainsFunc(c.Leaders(t, "moved"), func(id int32) bool { return id == 3 || id < 0 })
	})
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("its partitions had no leader for %v: it didn't hand them over", took)
	}

	// No record is lost when all brokers are killed at once.
	c.Kill(t)
	begun = time.Now()
	c.Restart(t)
	t.Log("all back after", time.Since(begun))
	expect(t, client, "lost", "before", "meanwhile", "after")
}
