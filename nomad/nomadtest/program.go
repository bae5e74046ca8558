package nomadtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gretestream/grete/stream/harnesstest"
)

// programVariable names another program than build/nomad.
const programVariable = "GRETE_TEST_NOMAD_PROGRAM"

// program returns the path of Nomad's program.
func program() (string, error) {
	if name := os.Getenv(programVariable); name != "" {
		if !exists(name) {
			return "", fmt.Errorf("%s=%s: there is no such file", programVariable, name)
		}
		return filepath.Abs(name)
	}
	top, err := repository()
	if err != nil {
		return "", err
	}
	name := filepath.Join(top, "build", "nomad")
	if !exists(name) {
		return "", &harnesstest.MissingError{Err: errors.New("a real cluster needs Nomad, which is built once, in some minutes: make build/nomad")}
	}
	return name, nil
}

// repository returns the top directory of Grete's repository, which contains the working
// directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find build/nomad: %w", err)
	}
	for !exists(filepath.Join(dir, ".tools", "nomad", "go.mod")) {
		up := filepath.Dir(dir)
		if up == dir {
			return "", &harnesstest.MissingError{Err: fmt.Errorf("a real cluster needs Nomad: outside of Grete's repository, set %s to its program", programVariable)}
		}
		dir = up
	}
	return dir, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
