// Package upgrades tests that a job which goes from version to version, up and back, among
// kills, loses nothing.
package upgrades
