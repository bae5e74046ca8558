// Package kvtest is the conformance suite of engines: each must pass it. A test calls
// [Run] with a function that makes the engine.
package kvtest
