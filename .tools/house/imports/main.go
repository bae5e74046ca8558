// Imports checks that packages import each other in one direction only, and that each heavy
// dependency is imported in one place only. It runs at the top of the repository:
//
//	imports [TAGS]...
//
// once for the files without build tags and once for each set of TAGS.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

func main() {
	var broken []string
	for _, tags := range append([]string{""}, os.Args[1:]...) {
		pkgs, err := list(tags)
		if err != nil {
			fmt.Fprintln(os.Stderr, "imports:", err)
			os.Exit(2)
		}
		for _, p := range pkgs {
			broken = append(broken, check(p)...)
		}
	}
	slices.Sort(broken)
	for _, b := range slices.Compact(broken) {
		fmt.Println(b)
	}
	if len(broken) > 0 {
		os.Exit(1)
	}
}

// list returns the packages of the module, from go list.
func list(tags string) ([]pkg, error) {
	cmd := exec.Command("go", "list", "-tags", tags, "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return parse(out)
}

func parse(out []byte) ([]pkg, error) {
	var pkgs []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}
