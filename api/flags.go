package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseAssignments reads the values of a flag such as -feed TOPIC=FILE.
func parseAssignments(flag string, values []string) ([][2]string, error) {
	var pairs [][2]string
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("-%s %s: write it as -%s TOPIC=%s", flag, v, flag, map[string]string{"feed": "FILE", "key": "FIELD"}[flag])
		}
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs, nil
}

// parseBytes reads a size such as 256MB: 2^20 bytes each.
func parseBytes(s string) (int64, error) {
	number := strings.TrimRight(s, "KMGTiBkmgtb")
	unit := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s[len(number):]), "B"), "I"))
	shift, ok := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || n <= 0 || n*math.Pow(2, float64(shift)) > math.MaxInt64 {
		return 0, fmt.Errorf("%q is no size: write it as 256MB or 2GB", s)
	}
	return int64(n * math.Pow(2, float64(shift))), nil
}
