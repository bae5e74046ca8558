package main

import (
	"testing"

	"github.com/gretestream/grete/api/apitest"
)

func TestPipeline_KeepsBalancesOverARestart(t *testing.T) {
	x := apitest.New(t, pipeline())
	x.Send("payments", Payment{1, "ada", 500}, Payment{2, "ken", 70}, Payment{3, "ada", -200})
	x.Expect("balances", Balance{"ada", 500, 1, 1}, Balance{"ken", 70, 1, 2}, Balance{"ada", 300, 2, 3})
	x.Restart()
	x.Send("payments", Payment{4, "ada", 1})
	x.Expect("balances", Balance{"ada", 301, 3, 4})
}
