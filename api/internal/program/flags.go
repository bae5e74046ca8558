package program

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// ParseAssignments reads the values of a flag such as -feed TOPIC=FILE; value is the
// placeholder of what follows the equals sign.
func ParseAssignments(flag, value string, texts []string) ([][2]string, error) {
	var pairs [][2]string
	for _, text := range texts {
		name, assigned, ok := strings.Cut(text, "=")
		if !ok || name == "" || assigned == "" {
			return nil, fmt.Errorf("-%s %s: write it as -%s TOPIC=%s", flag, text, flag, value)
		}
		pairs = append(pairs, [2]string{name, assigned})
	}
	return pairs, nil
}

// ParseBytes reads a size such as 256MB: 2^20 bytes each.
func ParseBytes(s string) (int64, error) {
	number := strings.TrimRight(s, "KMGTiBkmgtb")
	unit := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s[len(number):]), "B"), "I"))
	shift, ok := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || n <= 0 || n*math.Pow(2, float64(shift)) > math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size: write it as 256MB or 2GB", s)
	}
	return int64(n * math.Pow(2, float64(shift))), nil
}

// Given renders the flags that were set on a command line, each once, so that another
// process can be started with them: --name=value, a flag with several values once for
// each. It leaves out the flags of these names. No flag is a secret.
func Given(parsed *kong.Context, except ...string) []string {
	var args []string
	var seen []*kong.Flag
	for _, p := range parsed.Path {
		f := p.Flag
		if f == nil || slices.Contains(seen, f) || slices.Contains(except, f.Name) {
			continue
		}
		seen = append(seen, f)
		for _, text := range texts(f) {
			args = append(args, "--"+f.Name+"="+text)
		}
	}
	return args
}

// texts renders the values of a flag so that kong parses them back.
func texts(f *kong.Flag) []string {
	v := reflect.Indirect(f.Target)
	if v.Kind() != reflect.Slice {
		return []string{fmt.Sprint(v.Interface())}
	}
	all := make([]string, v.Len())
	for i := range all {
		all[i] = fmt.Sprint(v.Index(i).Interface())
		if f.Tag.Sep != -1 {
			all[i] = kong.JoinEscaped(all[i:i+1], f.Tag.Sep)
		}
	}
	return all
}
