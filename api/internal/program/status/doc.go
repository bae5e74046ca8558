// Package status has the command status: it shows who runs the job, and how far it is.
package status
