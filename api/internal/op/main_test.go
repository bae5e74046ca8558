package op_test

import (
	"os"
	"strconv"
)

// seeds is how many random runs a model test makes; GRETE_SEEDS has it more.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("GRETE_SEEDS"), 10, 64); err == nil {
		return n
	}
	return 100
}
