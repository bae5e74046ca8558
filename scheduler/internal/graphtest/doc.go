// Package graphtest makes graphs for the tests of package scheduler and of the
// packages below it.
package graphtest
