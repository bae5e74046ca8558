//go:build rocksdb

package program

var tags = []string{"-tags", "rocksdb"}
