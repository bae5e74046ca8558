package main

import (
	"strings"
	"testing"
)

func TestCheck_ReportsViolations(t *testing.T) {
	m := func(paths ...string) []string {
		for i, p := range paths {
			paths[i] = module + "/" + p
		}
		return paths
	}
	tests := map[string]struct {
		p    pkg
		want string // a part of the only complaint; empty: none
	}{
		"leftwards":                       {pkg{ImportPath: module + "/kv", Imports: m("stream", "metrics")}, ""},
		"inside the family":               {pkg{ImportPath: module + "/stream/local", Imports: m("stream", "stream/batch")}, ""},
		"rightwards":                      {pkg{ImportPath: module + "/stream", Imports: m("kv")}, "is to its right"},
		"rightwards from below":           {pkg{ImportPath: module + "/stream/local", Imports: m("api/apitest")}, "is to its right"},
		"rightwards in a test":            {pkg{ImportPath: module + "/kv", XTestImports: m("api")}, "is to its right"},
		"no place":                        {pkg{ImportPath: module + "/util"}, "the top level has only"},
		"the root":                        {pkg{ImportPath: module}, "the top level has only"},
		"a decision that knows tasks":     {pkg{ImportPath: module + "/container/membership", Imports: m("container")}, "of its neighbours"},
		"a recovery that knows the group": {pkg{ImportPath: module + "/container/recovery", Imports: m("container/membership")}, "of its neighbours"},
		"a reset that recovers":           {pkg{ImportPath: module + "/container/reset", Imports: m("container/recovery")}, ""},
		"a reset that runs tasks":         {pkg{ImportPath: module + "/container/reset", Imports: m("container")}, "of its neighbours"},
		"a test of a container's resets":  {pkg{ImportPath: module + "/container", XTestImports: m("container/reset")}, ""},
		"RocksDB at home":                 {pkg{ImportPath: module + "/kv/rocksdb", Imports: []string{"github.com/linxGnu/grocksdb"}}, ""},
		"RocksDB elsewhere":               {pkg{ImportPath: module + "/container", Imports: []string{"github.com/linxGnu/grocksdb"}}, "without cgo"},
		"Kafka elsewhere":                 {pkg{ImportPath: module + "/api", Imports: []string{"github.com/segmentio/kafka-go/protocol"}}, "not Kafka"},
		"a package with a similar name":   {pkg{ImportPath: module + "/api", Imports: []string{"github.com/segmentio/kafka-gopher"}}, ""},
		"Kafka's wire":                    {pkg{ImportPath: module + "/stream/kafka/internal/wire", Imports: []string{"github.com/segmentio/kafka-go/protocol"}}, ""},
		"a room of Kafka's":               {pkg{ImportPath: module + "/stream/kafka/internal/produce", Imports: []string{"github.com/segmentio/kafka-go/protocol"}}, ""},
		"another client":                  {pkg{ImportPath: module + "/stream/kafka", Imports: []string{"github.com/twmb/franz-go/pkg/kgo"}}, "only tests"},
		"another in a test":               {pkg{ImportPath: module + "/stream/kafka", TestImports: []string{"github.com/twmb/franz-go/pkg/kgo"}}, ""},
		"another in a harness":            {pkg{ImportPath: module + "/stream/kafka/kafkatest", Imports: []string{"github.com/twmb/franz-go/pkg/kgo"}}, ""},
		"cgo":                             {pkg{ImportPath: module + "/kv/rocksdb", Imports: []string{"C"}}, "cgo"},
		"cgo for mallopt":                 {pkg{ImportPath: module + "/kv/rocksdb/internal/malloc", Imports: []string{"C"}}, ""},
		"cgo beside mallopt":              {pkg{ImportPath: module + "/kv/rocksdb/internal/malloc/more", Imports: []string{"C"}}, "cgo"},
		"a clock in the plan":             {pkg{ImportPath: module + "/scheduler", Imports: []string{"time"}}, "the scheduler is pure"},
		"a clock in a room":               {pkg{ImportPath: module + "/scheduler/share", Imports: []string{"time"}}, "the scheduler is pure"},
		"files in a test kit":             {pkg{ImportPath: module + "/scheduler/internal/graphtest", Imports: []string{"os"}}, ""},
		"a room to the left":              {pkg{ImportPath: module + "/scheduler/compare", Imports: m("scheduler", "scheduler/draw", "stream")}, ""},
		"a room to the right":             {pkg{ImportPath: module + "/scheduler", Imports: m("scheduler/draw")}, "of its neighbours"},
		"a room's test":                   {pkg{ImportPath: module + "/scheduler", XTestImports: m("scheduler/compare")}, ""},
		"an internal room":                {pkg{ImportPath: module + "/scheduler", Imports: m("scheduler/internal/phrase")}, ""},
		"a clock in its test":             {pkg{ImportPath: module + "/scheduler", TestImports: []string{"time"}}, ""},
		"testing in production":           {pkg{ImportPath: module + "/kv", Imports: []string{"testing"}}, "testing"},
		"testing for systems":             {pkg{ImportPath: module + "/api/systemtest/x", Imports: []string{"testing"}}, ""},
		"testing in a harness's room":     {pkg{ImportPath: module + "/stream/kafka/kafkatest/certs", Imports: []string{"testing"}}, ""},
		"testing in a suite":              {pkg{ImportPath: module + "/kv/kvtest", Imports: []string{"testing"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(check(tt.p), "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
				t.Errorf("complaint %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	pkgs, err := parse([]byte("{\"ImportPath\":\"a\",\"Imports\":[\"b\"]}\n{\"ImportPath\":\"c\"}\n"))
	if err != nil || len(pkgs) != 2 || pkgs[0].Imports[0] != "b" || pkgs[1].ImportPath != "c" {
		t.Fatal(pkgs, err)
	}
	if _, err := parse([]byte("{")); err == nil {
		t.Error("half an object: no error")
	}
}
