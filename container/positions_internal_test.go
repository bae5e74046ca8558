package container

import "testing"

func TestPositionsAreKept(t *testing.T) {
	dir := t.TempDir()
	p, err := OpenPositions(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.remember("s", nil); err != nil {
		t.Fatal(err)
	}
	p.at["s"][3] = 70
	if err := p.remember("t", nil); err != nil {
		t.Fatal(err)
	}
	if p, err = OpenPositions(dir); err != nil || p.of("s")[3] != 70 {
		t.Errorf("there is %v, %v", p.of("s"), err)
	}
	if none := (*Positions)(nil); len(none.of("s")) != 0 || none.remember("s", nil) != nil {
		t.Error("none remembers something")
	}
}
