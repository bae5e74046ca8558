// Package wikipedia tests the program examples/wikipedia as a whole: its results without a broker
// and on a real one, after kills, and after a broker has dropped what is old.
package wikipedia
