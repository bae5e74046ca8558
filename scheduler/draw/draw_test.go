package draw

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/gretestream/grete/scheduler"
	"github.com/gretestream/grete/scheduler/internal/graphtest"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestGolden(t *testing.T) {
	for name, sc := range graphtest.Scenarios() {
		t.Run(name, func(t *testing.T) {
			p := graphtest.MustBuild(t, sc.Graph, sc.Metadata, sc.Options)
			graphtest.Golden(t, *update, name+".txt", []byte(Text(p)))
			graphtest.Golden(t, *update, name+".dot", []byte(Dot(p)))
			graphtest.Golden(t, *update, name+".mermaid", []byte(Mermaid(p)))
			graphtest.Golden(t, *update, name+".svg", []byte(SVG(p)))
		})
	}
}

func TestDrawings_NamePorts(t *testing.T) {
	r := graphtest.New("app")
	r.Side(r.Join("match", r.Input("a"), r.Input("b")), "late", "out")
	p := graphtest.MustBuild(t, r.Graph, graphtest.Exist("a", 1, "b", 1), scheduler.Options{})
	for what, tt := range map[string]struct{ picture, want string }{
		"dot":     {Dot(p), "t0 -> n2 [label=\"left\"]"},
		"mermaid": {Mermaid(p), "t1 -->|\"right\"| n2"},
		"svg":     {SVG(p), "<title>late</title></path>"},
	} {
		if !strings.Contains(tt.picture, tt.want) {
			t.Errorf("%s: %s is missing in\n%s", what, tt.want, tt.picture)
		}
	}
}

func TestDrawings_QuoteTexts(t *testing.T) {
	g := graphtest.Pageviews()
	evil := "a\"b<c>&d#\\\n"
	g.Nodes[3].Stores[0].Value = evil
	g.Nodes[3].Params[0].Value = evil
	p, err := scheduler.Build(g, graphtest.Exist("page-views", 1), scheduler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(strings.NewReader(SVG(p)))
	var text strings.Builder
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok {
			text.Write(c)
		}
	}
	if !strings.Contains(text.String(), evil) {
		t.Error("the SVG lacks the window's size")
	}
	if !strings.Contains(Dot(p), `size a\"b<c>&d#\\\n`) {
		t.Error("dot: not quoted:\n" + Dot(p))
	}
	if !strings.Contains(Mermaid(p), `size a#quot;b#lt;c#gt;&d#35;\<br/>`) {
		t.Error("mermaid: not quoted:\n" + Mermaid(p))
	}
}
