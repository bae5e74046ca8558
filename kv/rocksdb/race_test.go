//go:build rocksdb && race

package rocksdb_test

const raceDetector = true
