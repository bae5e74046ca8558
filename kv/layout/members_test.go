package layout

import (
	"testing"

	"github.com/gretestream/grete/kv"
)

func TestMembers_Queries(t *testing.T) {
	fill(t, NameMembers, nil, func(s *kv.State) error {
		members := NewMembers(s, 0)
		for _, key := range keysOf() {
			for _, at := range []int64{7, 9, -5} {
				if err := members.Add([]byte(key), []byte("m"), at); err != nil {
					return err
				}
			}
			if err := members.Add([]byte(key), []byte("n"), 100); err != nil {
				return err
			}
			if err := members.Forget([]byte(key), -5, 8); err != nil {
				return err
			}
		}
		for i, want := range []int64{0, 1, 1, 2} {
			n, err := members.Count([]byte("a"), 8, []int64{9, 10, 100, 101}[i])
			if err != nil || n != want {
				t.Errorf("%d members, want %d (%v)", n, want, err)
			}
		}
		has, err := members.Has([]byte("a"), []byte("m"), 7, 9)
		if has || err != nil {
			t.Errorf("a member is there after it was forgotten (%v)", err)
		}
		return members.Forget([]byte("a\x00"), 100, 101)
	}).expect(map[string]string{
		"key=a":   "key:a,time:9,value:m key:a,time:100,value:n",
		"key=b":   "",
		"":        `key:a,time:9,value:m key:a,time:100,value:n key:a\u0000,time:9,value:m`,
		"to=a%00": "key:a,time:9,value:m key:a,time:100,value:n",
	})
}
