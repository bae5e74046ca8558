package draw

import (
	"fmt"
	"html"
	"strings"
)

func (v *svg) writeStage(stage int) {
	b, s := v.outer.boxes[stage], v.stages[stage]
	fmt.Fprintf(&v.out, `<g class="stage" data-stage="%s"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="10"/>`,
		html.EscapeString(s.name), b.x+margin, b.y+margin, b.w, b.h)
	fmt.Fprintf(&v.out, `<text class="name left" x="%.1f" y="%.1f">%s</text>`, b.x+margin+pad, b.y+margin+pad+10, html.EscapeString(s.name))
	for i, note := range s.notes {
		fmt.Fprintf(&v.out, `<text class="note left" x="%.1f" y="%.1f">%s</text>`, b.x+margin+pad, b.y+margin+pad+10+lineH*float64(i+1), html.EscapeString(note))
	}
	v.out.WriteString("</g>\n")
}

func (v *svg) writeItem(i int) {
	it, b := v.items[i], v.at(i)
	class, data, round := "op", fmt.Sprintf(`data-node="%s"`, it.id[1:]), 6.0
	switch {
	case it.stage < 0:
		class, data, round = "topic", fmt.Sprintf(`data-topic="%s"`, html.EscapeString(it.label)), b.h/2
		if it.inner {
			class += " own"
		}
	case it.state:
		class += " state"
	}
	fmt.Fprintf(&v.out, `<g class="%s" %s><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`, class, data, b.x, b.y, b.w, b.h, round)
	y := b.y + b.h/2 + 4.5
	if it.note != "" {
		y -= 7
		fmt.Fprintf(&v.out, `<text class="note" x="%.1f" y="%.1f">%s</text>`, b.middle(), y+15, html.EscapeString(it.note))
	}
	fmt.Fprintf(&v.out, `<text x="%.1f" y="%.1f">%s</text></g>`+"\n", b.middle(), y, html.EscapeString(it.label))
}

// at is the place of an item in the picture.
func (v *svg) at(item int) placed {
	if s := v.items[item].stage; s >= 0 {
		return v.within(s, v.boxes[item])
	}
	b := v.outer.boxes[v.boxes[item]]
	b.x, b.y = b.x+margin, b.y+margin
	return b
}

// within is the place in the picture of a box of a stage's layout: to the right of the
// stage's name, in the middle of its height.
func (v *svg) within(stage, box int) placed {
	l, outer := &v.inner[stage], v.outer.boxes[stage]
	b := l.boxes[box]
	b.x += margin + outer.x + v.operatorsX(stage)
	b.y += margin + outer.y + (outer.h-l.height)/2
	return b
}

// A point of a path.
type point struct{ x, y float64 }

// writeArrow draws an arrow: within a stage, or from the item through the doors
// of the stages on both sides.
func (v *svg) writeArrow(i int) {
	a := v.arrows[i]
	from, to := v.items[a.from].stage, v.items[a.to].stage
	var way []point
	if from >= 0 {
		way = append(way, v.wayWithin(from, i)...)
	}
	if from != to {
		way = append(way, v.wayBetween(a)...)
		if to >= 0 {
			way = append(way, v.wayWithin(to, i)...)
		}
	}
	fmt.Fprintf(&v.out, `<path class="way" d="%s" marker-end="url(#grete-arrow)"`, curve(way))
	if ports := v.ports[a]; ports != "" {
		fmt.Fprintf(&v.out, "><title>%s</title></path>\n", html.EscapeString(ports))
	} else {
		v.out.WriteString("/>\n")
	}
}

// wayWithin goes from the bottom of the first box to the top of the last, and
// through the doors and waypoints on the way.
func (v *svg) wayWithin(stage, i int) []point {
	path := v.inner[stage].paths[v.inPath[[2]int{stage, i}]]
	var way []point
	for j, b := range path {
		box := v.within(stage, b)
		operator := b < len(v.stages[stage].items)
		if j > 0 || !operator {
			way = append(way, point{box.middle(), box.y})
		}
		if j < len(path)-1 || !operator {
			way = append(way, point{box.middle(), box.y + box.h})
		}
	}
	return way
}

// wayBetween goes from a topic's bottom or to a topic's top, past what lies
// between.
func (v *svg) wayBetween(a arrow) []point {
	path := v.outer.paths[v.ways[arrow{v.outerBox(a.from), v.outerBox(a.to)}]]
	var way []point
	if v.items[a.from].stage < 0 {
		b := v.at(a.from)
		way = append(way, point{b.middle(), b.y + b.h})
	}
	for _, w := range path[1 : len(path)-1] {
		b := v.outer.boxes[w]
		way = append(way, point{b.middle() + margin, b.y + margin}, point{b.middle() + margin, b.y + b.h + margin})
	}
	if v.items[a.to].stage < 0 {
		b := v.at(a.to)
		way = append(way, point{b.middle(), b.y})
	}
	return way
}

// curve goes through the points, downwards at each.
func curve(way []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%.1f %.1f", way[0].x, way[0].y)
	for i := 1; i < len(way); i++ {
		p, q := way[i-1], way[i]
		if p.x == q.x {
			fmt.Fprintf(&b, "V%.1f", q.y)
			continue
		}
		mid := (p.y + q.y) / 2
		fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", p.x, mid, q.x, mid, q.x, q.y)
	}
	return b.String()
}
