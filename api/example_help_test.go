package api_test

import (
	"fmt"
	"testing"
)

// exampleTB is the testing.TB of examples that run their pipelines.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()           {}
func (exampleTB) Cleanup(func())    {}
func (exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
