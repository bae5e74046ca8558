// Wikipedia counts the edits of Wikipedia, channel by channel, in windows of ten
// seconds of event time. Its input are lines of Wikipedia's recent-changes feed:
//
//	{"raw":"[[Title]] M http://… * User * (+12) Summary","time":1398926301271,"source":"rc-pmtpa","channel":"#en.wikipedia"}
//
// and a run over a file of them is
//
//	go run ./examples/wikipedia -feed wikipedia-edits=FILE -once -print wikipedia-stats
//
// The pipeline is in main.go, what a line means in parse.go, what is counted in
// stats.go.
package main
