// Package pageviews tests the program examples/pageviews as a whole: its windows on a real
// broker, under fire, with the least permissions, and as a job that is submitted to Nomad.
package pageviews
