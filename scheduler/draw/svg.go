package draw

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/gretestream/grete/scheduler"
)

// Measures of the picture, in pixels.
const (
	pad       = 14.0 // between a stage's border and what is in it
	lineH     = 16.0
	charW     = 7.3 // mean width of a character of the font, a little more
	noteW     = 6.2 // of the small print
	margin    = 16.0
	innerGapY = 24.0
	outerGapY = 30.0
)

// SVG draws a plan as a picture that is readable on light and on dark backgrounds.
// Stages and operators carry data-stage and data-node, topics data-topic.
func SVG(p *scheduler.Plan) string {
	v := newSVG(pictureOf(p))
	w, h := v.outer.width+2*margin, v.outer.height+2*margin
	fmt.Fprintf(&v.out, `<svg xmlns="http://www.w3.org/2000/svg" class="grete" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		w, h, w, h, html.EscapeString("The stages of "+p.App))
	fmt.Fprintf(&v.out, "<title>%s</title>\n<style>%s</style>\n", html.EscapeString(p.App), svgStyle())
	v.out.WriteString(`<defs><marker id="grete-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0.5 8 4 0 7.5z"/></marker></defs>` + "\n")
	fmt.Fprintf(&v.out, `<rect class="back" width="%.0f" height="%.0f"/>`+"\n", w, h)
	for i := range v.stages {
		v.writeStage(i)
	}
	for i := range v.items {
		v.writeItem(i)
	}
	for i := range v.arrows {
		v.writeArrow(i)
	}
	v.out.WriteString("</svg>\n")
	return v.out.String()
}

// An svg is a picture being drawn. Each stage has a layout of its own. Where arrows
// enter and leave it, it has doors, boxes without extent, in its first and last
// layer. The outer layout has the stages and the topics.
type svg struct {
	picture
	out    strings.Builder
	inner  []layout       // of each stage
	outer  layout         // stages first, then topics
	boxes  map[int]int    // item → its box, in its stage's layout or the outer one
	inPath map[[2]int]int // stage, arrow → the path within the stage
	ways   map[arrow]int  // outer edge → its path
}

func newSVG(pic picture) *svg {
	v := &svg{picture: pic, boxes: map[int]int{}, inPath: map[[2]int]int{}, ways: map[arrow]int{}}
	for i := range v.stages {
		v.layOutStage(i)
	}
	v.layOutAll()
	return v
}

// layOutStage places the operators of a stage and finds its size.
func (v *svg) layOutStage(stage int) {
	l := layout{gapX: 18, gapY: innerGapY, pinned: map[int]int{}}
	doors, exits := map[int]int{}, map[int]int{}
	for _, n := range v.stages[stage].items {
		v.boxes[n] = len(l.boxes)
		l.boxes = append(l.boxes, size(v.items[n]))
	}
	for i, a := range v.arrows {
		from, to := v.items[a.from].stage, v.items[a.to].stage
		switch {
		case from == stage && to == stage:
			v.inPath[[2]int{stage, i}] = len(l.edges)
			l.edges = append(l.edges, arrow{v.boxes[a.from], v.boxes[a.to]})
		case to == stage:
			v.inPath[[2]int{stage, i}] = len(l.edges)
			l.edges = append(l.edges, arrow{l.door(doors, a.from, -1), v.boxes[a.to]})
		case from == stage:
			v.inPath[[2]int{stage, i}] = len(l.edges)
			l.edges = append(l.edges, arrow{v.boxes[a.from], l.door(exits, a.to, 1)})
		}
	}
	l.place()
	v.inner = append(v.inner, l)
}

// door is the box through which arrows from or to a topic cross the stage's border.
func (l *layout) door(doors map[int]int, topic, pin int) int {
	if b, ok := doors[topic]; ok {
		return b
	}
	doors[topic] = len(l.boxes)
	l.pinned[len(l.boxes)] = pin
	l.boxes = append(l.boxes, placed{w: 8})
	return doors[topic]
}

// layOutAll places stages and topics.
func (v *svg) layOutAll() {
	v.outer = layout{gapX: 28, gapY: outerGapY, ends: map[arrow][2]float64{}}
	for i := range v.stages {
		l := &v.inner[i]
		v.outer.boxes = append(v.outer.boxes, placed{w: v.operatorsX(i) + l.width + pad, h: max(l.height, 3*lineH+2*pad)})
	}
	for i, it := range v.items {
		if it.stage < 0 {
			v.boxes[i] = len(v.outer.boxes)
			v.outer.boxes = append(v.outer.boxes, size(it))
		}
	}
	for i, a := range v.arrows {
		e := arrow{v.outerBox(a.from), v.outerBox(a.to)}
		if _, ok := v.ways[e]; e.from != e.to && !ok {
			v.ways[e] = len(v.outer.edges)
			v.outer.edges = append(v.outer.edges, e)
			v.outer.ends[e] = [2]float64{v.doorEnd(i, v.items[a.from].stage), v.doorEnd(i, v.items[a.to].stage)}
		}
	}
	v.outer.place()
}

// doorEnd is the distance of an arrow's door from the middle of its stage; 0 for a
// topic.
func (v *svg) doorEnd(i, stage int) float64 {
	if stage < 0 {
		return 0
	}
	path := v.inner[stage].paths[v.inPath[[2]int{stage, i}]]
	door := path[0]
	if v.items[v.arrows[i].from].stage == stage {
		door = path[len(path)-1]
	}
	return v.inner[stage].boxes[door].middle() + v.operatorsX(stage) - v.outer.boxes[stage].w/2
}

// operatorsX is the distance of the operators from the left border of their stage.
func (v *svg) operatorsX(stage int) float64 { return 2*pad + titleWidth(v.stages[stage]) }

func (v *svg) outerBox(item int) int {
	if s := v.items[item].stage; s >= 0 {
		return s
	}
	return v.boxes[item]
}

// size is the room that an item's text needs.
func size(it item) placed {
	w := max(float64(utf8.RuneCountInString(it.label))*charW, float64(utf8.RuneCountInString(it.note))*noteW)
	h := lineH + 14
	if it.note != "" {
		h += lineH - 2
	}
	if it.stage < 0 {
		w += 12 // its ends are round
	}
	return placed{w: max(w, 48) + 24, h: h}
}

// titleWidth is the width of a stage's left column, which has its name and size.
func titleWidth(s drawnStage) float64 {
	w := float64(utf8.RuneCountInString(s.name)) * (charW + .7)
	for _, note := range s.notes {
		w = max(w, float64(utf8.RuneCountInString(note))*noteW)
	}
	return w
}
