package metrics

import "runtime/debug"

// Build identifies the running program.
type Build struct {
	Version  string // of the main module
	Revision string // of the main module's repository
	Go       string
}

// ReadBuild returns the build information of the running program.
func ReadBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{}
	}
	return BuildOf(info)
}

// BuildOf returns the Build that is described by a binary's build information.
func BuildOf(info *debug.BuildInfo) Build {
	b := Build{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
