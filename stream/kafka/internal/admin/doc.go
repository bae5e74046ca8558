// Package admin creates and describes topics, deletes records, and reads the offsets and
// members of groups.
package admin
