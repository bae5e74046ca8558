// Package plan has the commands plan and graph: they show what would run.
package plan
