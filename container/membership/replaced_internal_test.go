package membership

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gretestream/grete/stream"
)

// A shownGroup shows a state as a test makes it up.
type shownGroup struct {
	stream.Grouper
	state stream.GroupState
	err   error
}

func (g *shownGroup) Group(context.Context, string) (stream.GroupState, error) { return g.state, g.err }

// Of two processes of one name both agree which one goes on.
func TestReplaced(t *testing.T) {
	start := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	us := Life{"m", start}
	says := func(life string, started time.Time) memberInfo {
		return memberInfo{Host: "two", Address: "two:80", Life: life, Started: started.UnixMilli()}
	}
	for name, tt := range map[string]struct {
		state    stream.GroupCondition
		instance string
		info     memberInfo
		known    bool
		replaced bool
	}{
		"a newer process":                  {stream.GroupIsStable, "i", says("a", start.Add(time.Second)), true, true},
		"an older one":                     {stream.GroupIsStable, "i", says("z", start.Add(-time.Second)), true, false},
		"at the same time, a greater id":   {stream.GroupIsStable, "i", says("n", start), true, true},
		"at the same time, a smaller id":   {stream.GroupIsStable, "i", says("l", start), true, false},
		"this process":                     {stream.GroupIsStable, "i", says("m", start.Add(time.Second)), true, false},
		"one that doesn't say":             {stream.GroupIsStable, "i", memberInfo{Host: "two"}, true, false},
		"another instance":                 {stream.GroupIsStable, "j", says("a", start.Add(time.Second)), true, false},
		"nobody":                           {stream.GroupIsEmpty, "", memberInfo{}, true, false},
		"a group that hides what they say": {stream.GroupIsRebalancing, "i", memberInfo{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := &shownGroup{state: stream.GroupState{State: tt.state}}
			if tt.instance != "" {
				data, err := json.Marshal(tt.info)
				if err != nil {
					t.Fatal(err)
				}
				g.state.Members = []stream.MemberState{{Instance: tt.instance, Data: data}}
			}
			m := &Member{cfg: Config{Group: g, Instance: "i", Host: "one", Life: us}, stage: testStage(), log: slog.New(slog.DiscardHandler)}
			known, err := m.Replaced(t.Context())
			if by := new(ReplacedError); known != tt.known || errors.As(err, &by) != tt.replaced {
				t.Errorf("known: %v, %v", known, err)
			}
			if err != nil && (IsStale(err) || IsRefused(err) || !strings.Contains(err.Error(), "instance i of this process, on one, was replaced by a process on two, two:80, started at 2026-05-04T12:00:0")) {
				t.Errorf("it says: %v", err)
			}
		})
	}
}

func TestReplaced_WithoutAnAnswer(t *testing.T) {
	g := &shownGroup{err: errors.New("no coordinator")}
	m := &Member{cfg: Config{Group: g, Instance: "i"}, stage: testStage()}
	if known, err := m.Replaced(t.Context()); known || !errors.Is(err, g.err) {
		t.Errorf("known: %v, %v", known, err)
	}
}

// The group keeps what the member says about this life.
func TestRejoin_SaysItsLife(t *testing.T) {
	m, g := newVersionMember("v")
	m.cfg.Life = Life{"m", time.UnixMilli(1234)}
	rejoin(t, m)
	if len(g.rejoined) != 1 || g.rejoined[0].Life != "m" || g.rejoined[0].Started != 1234 {
		t.Errorf("it says %+v", g.rejoined)
	}
}
