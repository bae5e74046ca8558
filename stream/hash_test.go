package stream

import "testing"

// The expected values come from Kafka: org.apache.kafka.common.utils.UtilsTest.
func TestMurmur2_MatchesKafka(t *testing.T) {
	for in, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(in))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestPartitionOf_InRange(t *testing.T) {
	for _, key := range []string{"", "a", "21", "foobar"} {
		for n := int32(1); n < 9; n++ {
			if p := PartitionOf([]byte(key), n); p < 0 || p >= n {
				t.Errorf("PartitionOf(%q, %d) = %d", key, n, p)
			}
		}
	}
}
