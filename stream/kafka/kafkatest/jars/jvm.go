package jars

import "path/filepath"

// Java returns the arguments that run a class of the jars.
func Java(jars, class string, args ...string) []string {
	return append(QuickJVM(jars), append([]string{"-cp", filepath.Join(jars, "*"), class}, args...)...)
}

// QuickJVM returns a JVM's flags for a quick start and little memory, not for the speed that
// a program reaches after minutes.
func QuickJVM(jars string) []string {
	list := append([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}, logging()...)
	if archive := classArchive(jars); exists(archive) {
		// Another version of the JVM can't use it. Its warning would be among the tool's
		// output.
		list = append(list, "-XX:SharedArchiveFile="+archive, "-Xlog:disable")
	}
	return list
}

// FullJVM returns a JVM's flags for the highest speed.
func FullJVM(string) []string { return append([]string{"-Xmx1g"}, logging()...) }

func logging() []string {
	return []string{"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"}
}
