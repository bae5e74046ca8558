// Package linktest has a link whose brokers are a function of the test, and helpers that the
// tests of several packages share.
package linktest
