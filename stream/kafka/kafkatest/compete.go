package kafkatest

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// A Cost is the cost of a round per record. CPU is the user and system time of the whole
// process, including its compiler and garbage collector. Wall time depends on the brokers
// too, which run on the same machine.
type Cost struct {
	CPU    float64 `json:"cpu"`  // ns
	Wall   float64 `json:"wall"` // ns
	Allocs float64 `json:"allocs"`
}

// A Contender does the same work as the others, once per round.
type Contender struct {
	Name  string
	Round func() Cost
}

// Compete runs all contenders in turn: first warm-up rounds, then so many rounds. It
// reports medians, and the ratio of the first contender's CPU time to each.
func Compete(b *testing.B, warmUps, rounds int, all ...Contender) {
	b.Helper()
	costs := make([][]Cost, len(all))
	for round := range warmUps + rounds {
		for i, c := range all {
			if cost := c.Round(); round >= warmUps {
				costs[i] = append(costs[i], cost)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	first := median(costs[0], func(c Cost) float64 { return c.CPU })
	for i, c := range all {
		cpu := median(costs[i], func(c Cost) float64 { return c.CPU })
		b.ReportMetric(cpu, c.Name+"-cpu-ns/record")
		b.ReportMetric(median(costs[i], func(c Cost) float64 { return c.Allocs }), c.Name+"-allocs/record")
		b.ReportMetric(first/cpu, all[0].Name+"/"+c.Name)
	}
}

func median(all []Cost, of func(Cost) float64) float64 {
	var values []float64
	for _, c := range all {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// Measure runs f in this process, and divides its cost by the number of records.
func Measure(records int, f func()) Cost {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	f()
	cpu, wall := cpuTime()-cpu, time.Since(began)
	runtime.ReadMemStats(&after)
	n := float64(records)
	return Cost{CPU: float64(cpu) / n, Wall: float64(wall) / n, Allocs: float64(after.Mallocs-before.Mallocs) / n}
}
