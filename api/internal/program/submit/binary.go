package submit

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/gretestream/grete/api/internal/program"
	"github.com/gretestream/grete/metrics"
	"github.com/gretestream/grete/nomad"
	"github.com/gretestream/grete/nomad/ship"
)

// binary sets the program of a job to which none is shipped: one that the nodes have,
// or fetch from elsewhere.
func (k *Command) binary(cfg *nomad.Config) error {
	if k.Artifacts != "" && (k.Artifact != "" || k.Installed != "") {
		return errors.New("-artifacts: it uploads the program, but -artifact and -installed mean that nodes have it already; remove one of them")
	}
	if k.ArtifactsKey != "" && k.Artifacts == "" {
		return errors.New("-artifacts-header-file: there is no -artifacts URL to send it to")
	}
	cfg.Binary = nomad.Binary{Path: k.Installed, URL: k.Artifact}
	info, ok := debug.ReadBuildInfo() // an installed program is this one
	switch {
	case k.Binary != "" && !k.ships():
		p, err := ship.Read(k.Binary)
		if err != nil {
			return fmt.Errorf("-binary: %w", err)
		}
		cfg.Binary.SHA256, cfg.Binary.OS, cfg.Binary.Arch, info, ok = p.SHA256, p.Platform().OS, p.Platform().Arch, p.Info, true
	case k.Artifact != "":
		return fmt.Errorf("-artifact %s: its checksum is unknown: add the same program as -binary FILE", k.Artifact)
	}
	if ok {
		cfg.Build, cfg.Version = metrics.BuildOf(info), greteVersion(info)
	}
	return nil
}

// ships reports whether the program has to be shipped to the nodes.
func (k *Command) ships() bool { return k.Artifact == "" && k.Installed == "" }

// wanted returns what the program must be.
func (k *Command) wanted() (ship.Wanted, error) {
	p, err := ship.ParsePlatform(cmp.Or(k.Platform, "linux/"+runtime.GOARCH))
	if err != nil {
		return ship.Wanted{}, program.Usage(fmt.Errorf("-platform: %w", err))
	}
	return ship.Wanted{Platform: p, Memory: k.State == "memory"}, nil
}

// greteVersion returns the version of Grete that a program was built with.
func greteVersion(info *debug.BuildInfo) string {
	const module = "github.com/gretestream/grete"
	if info.Main.Path == module {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return ""
}
