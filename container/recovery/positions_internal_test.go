package recovery

import "testing"

func TestPositions_SurviveRestart(t *testing.T) {
	dir := t.TempDir()
	p, err := OpenPositions(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Save("s", map[int32]int64{2: 10}); err != nil {
		t.Fatal(err)
	}
	p.Note("s", map[int32]int64{3: 70})
	if err := p.Save("t", nil); err != nil {
		t.Fatal(err)
	}
	if p, err = OpenPositions(dir); err != nil || p.Of("s")[2] != 10 || p.Of("s")[3] != 70 {
		t.Errorf("it has %v, %v", p.Of("s"), err)
	}
	if none := (*Positions)(nil); len(none.Of("s")) != 0 || none.Save("s", nil) != nil {
		t.Error("nil positions remember something")
	}
}
