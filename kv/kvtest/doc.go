// Package kvtest is the conformance suite of engines: what holds for each, wherever
// it was written. A test calls [Run] with a function that makes the engine.
package kvtest
