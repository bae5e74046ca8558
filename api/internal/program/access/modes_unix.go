//go:build unix

package access

// hasModes means that the modes of files say who can read them.
const hasModes = true
