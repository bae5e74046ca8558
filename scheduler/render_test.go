package scheduler

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test -update writes it anew. Got:\n%s", file, got)
	}
}

// scenarios are the pipelines of the golden files.
func scenarios() map[string]struct {
	graph    Graph
	metadata Metadata
	options  Options
} {
	type scenario = struct {
		graph    Graph
		metadata Metadata
		options  Options
	}
	return map[string]scenario{
		"pageviews": {pageviews(), exist("page-views", 4), Options{Containers: 2}},
		"copy":      {copyTopic(), exist("a", 1), Options{}},
		"fanout":    {fanout(), exist("clicks", 8, "impressions", 4, "ads", 6), Options{Containers: 3}},
		"logs":      {logs(), exist("logs-eu", 4, "logs-us", 2, "clicks", 2, "views", 3, "logs-errors", 1), Options{}},
		"feedback":  {feedback(), exist("orders", 2, "retries", 3), Options{Partitions: 5}},
	}
}

// copyTopic has a stage without an operator.
func copyTopic() Graph {
	r := newApp("copy")
	r.output(r.input("a"), "b")
	return r.g
}

// fanout has branches, merges, a repartition that is planned away, and a table
// that streams of several topics meet in.
func fanout() Graph {
	r := newApp("ads")
	clicks, impressions := r.input("clicks"), r.input("impressions")
	valid := r.step(clicks, kindFilter)
	byAd := r.partitionBy(valid, "clicks-by-ad")
	seen := r.partitionBy(r.step(impressions, kindFlatMap), "impressions-by-ad")
	known := r.merge(byAd, seen, r.input("ads"))
	again := r.partitionBy(known, "ad-again")
	r.g.Nodes[again].SameKey = true
	total := r.table(again, "total")
	r.output(r.step(total, kindMap), "totals")
	perHour := r.window(byAd, "clicks-per-hour")
	r.output(perHour, "hourly")
	byDay := r.partitionBy(r.merge(perHour, total), "by-day")
	r.output(r.table(byDay, "daily"), "days")
	r.output(r.step(valid, kindMap), "valid-clicks")
	r.output(clicks, "clicks-copy")
	return r.g
}

// logs has inputs of several topics, and places to start reading them at.
func logs() Graph {
	r := newApp("logs")
	lines := r.matching("lines", "logs-.*")
	r.g.Nodes[lines].Start = 1_400_000_000_000
	r.g.Nodes[lines].OutOfRange = OutOfRangeOldest
	r.output(r.step(lines, kindFilter), "logs-errors")
	seen := r.inputs("clicks", "views")
	r.g.Nodes[seen].Start = StartNewest
	r.output(r.table(r.partitionBy(seen, "by-user"), "total"), "totals")
	r.output(seen, "seen")
	return r.g
}

// feedback writes a topic that it reads.
func feedback() Graph {
	r := newApp("orders")
	all := r.merge(r.input("orders"), r.input("retries"))
	tried := r.add(Node{Kind: kindMap, Name: "charge", From: edges(all)})
	r.output(r.step(tried, kindFilter), "retries")
	r.output(tried, "paid")
	return r.g
}

func TestGolden(t *testing.T) {
	for name, sc := range scenarios() {
		t.Run(name, func(t *testing.T) {
			p, err := Build(sc.graph, sc.metadata, sc.options)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := p.JSON()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", plan)
			golden(t, name+".txt", []byte(p.Text()))
			golden(t, name+".dot", []byte(p.Dot()))
			golden(t, name+".mermaid", []byte(p.Mermaid()))
			golden(t, name+".svg", []byte(p.SVG()))
		})
	}
}

func TestDrawingsQuoteTheirTexts(t *testing.T) {
	g := pageviews()
	evil := "a\"b<c>&d#\\\n"
	g.Nodes[3].Stores[0].Value = evil
	g.Nodes[3].Params[0].Value = evil
	p, err := Build(g, exist("page-views", 1), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(strings.NewReader(p.SVG()))
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
	if !strings.Contains(p.Dot(), `size a\"b<c>&d#\\\n`) {
		t.Error("dot: not quoted:\n" + p.Dot())
	}
	if !strings.Contains(p.Mermaid(), `size a#quot;b#lt;c#gt;&d#35;\<br/>`) {
		t.Error("mermaid: not quoted:\n" + p.Mermaid())
	}
}
