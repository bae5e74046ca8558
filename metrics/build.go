package metrics

import "runtime/debug"

// Build says which program runs.
type Build struct {
	Version  string // of the main module
	Revision string // of its repository
	Go       string
}

// ReadBuild reads what the Go toolchain wrote into the running binary.
func ReadBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{}
	}
	return BuildOf(info)
}

// BuildOf reads it from what was read of a binary.
func BuildOf(info *debug.BuildInfo) Build {
	b := Build{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
