package draw

import (
	"cmp"
	"slices"
)

// A small layered layout after Sugiyama: boxes are in layers from top to bottom, so
// that all edges point down. The order in each layer is chosen so that few edges
// cross, and then the places. Long edges get a waypoint in each layer that they pass.

// A layout is a set of boxes and the edges between them, to be placed.
type layout struct {
	boxes []placed
	edges []arrow
	// ends are the distances from the middle of the boxes where an edge leaves the
	// first and reaches the second.
	ends map[arrow][2]float64

	gapX   float64
	gapY   float64
	pinned map[int]int // boxes that belong to the first layer (-1) or the last (1)

	layers [][]int // boxes and waypoints from left to right
	paths  [][]int // of each edge: the boxes and waypoints that it passes
	width  float64
	height float64
}

// placed is a box; x and y are of its upper left corner.
type placed struct{ x, y, w, h float64 }

func (p placed) middle() float64 { return p.x + p.w/2 }

// place computes x, y, width and height.
func (l *layout) place() {
	layer := l.layering()
	layer = l.addWaypoints(layer)
	l.fillLayers(layer)
	for i := range 8 {
		l.sortLayers(i%2 == 0)
	}
	l.placeY()
	l.placeX()
}

// layering finds the layer of each box: below all boxes with an edge to it. A box
// without such an edge is as far down as the boxes after it allow.
func (l *layout) layering() []int {
	layer := make([]int, len(l.boxes))
	for range l.boxes { // longest paths, settled after as many rounds as there are boxes
		for _, e := range l.edges {
			layer[e.to] = max(layer[e.to], layer[e.from]+1)
		}
	}
	last := 0
	for _, n := range layer {
		last = max(last, n)
	}
	for i := range layer {
		if l.pinned[i] > 0 {
			layer[i] = last
		} else if l.pinned[i] == 0 && !slices.ContainsFunc(l.edges, func(e arrow) bool { return e.to == i }) {
			layer[i] = l.aboveNext(i, layer)
		}
	}
	return layer
}

func (l *layout) aboveNext(box int, layer []int) int {
	at := -1
	for _, e := range l.edges {
		if e.from == box && (at < 0 || layer[e.to]-1 < at) {
			at = layer[e.to] - 1
		}
	}
	return max(at, 0)
}

// addWaypoints adds narrow boxes where edges pass layers.
func (l *layout) addWaypoints(layer []int) []int {
	for _, e := range l.edges {
		path := []int{e.from}
		for n := layer[e.from] + 1; n < layer[e.to]; n++ {
			path = append(path, len(l.boxes))
			l.boxes = append(l.boxes, placed{w: 8})
			layer = append(layer, n)
		}
		l.paths = append(l.paths, append(path, e.to))
	}
	return layer
}

func (l *layout) fillLayers(layer []int) {
	for i, n := range layer {
		for len(l.layers) <= n {
			l.layers = append(l.layers, nil)
		}
		l.layers[n] = append(l.layers[n], i)
	}
}

// sortLayers orders each layer by the mean position of the neighbours in the
// layer before it, or, going up, after it.
func (l *layout) sortLayers(down bool) {
	position := make([]float64, len(l.boxes))
	for _, layer := range l.layers {
		for i, b := range layer {
			position[b] = float64(i)
		}
	}
	// Within a box, ends count as parts of a place.
	part := func(box int, end float64) float64 { return position[box] + end/(l.boxes[box].w+1) }
	for i := range l.layers {
		if !down {
			i = len(l.layers) - 1 - i
		}
		layer := l.layers[i]
		mean := make(map[int]float64, len(layer))
		for _, b := range layer {
			mean[b] = l.mean(b, down, part)
		}
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
		for j, b := range layer {
			position[b] = float64(j)
		}
	}
}

// mean is where a box would be straight below its neighbours above, or straight
// above those below. A box without neighbours stays. at returns the place of an
// edge's end, given the box and the end's distance from its middle.
func (l *layout) mean(box int, above bool, at func(box int, end float64) float64) float64 {
	sum, n := 0.0, 0.0
	for e, path := range l.paths {
		ends := l.ends[l.edges[e]]
		for i := 1; i < len(path); i++ {
			from, to := 0.0, 0.0 // waypoints are left and reached in their middle
			if i == 1 {
				from = ends[0]
			}
			if i == len(path)-1 {
				to = ends[1]
			}
			if above && path[i] == box {
				sum, n = sum+at(path[i-1], from)-(at(box, to)-at(box, 0)), n+1
			}
			if !above && path[i-1] == box {
				sum, n = sum+at(path[i], to)-(at(box, from)-at(box, 0)), n+1
			}
		}
	}
	if n == 0 {
		return at(box, 0)
	}
	return sum / n
}

// placeY stacks the layers, and centres the boxes in theirs. A box without a height
// gets that of its layer, so that edges pass straight through.
func (l *layout) placeY() {
	y := 0.0
	for _, layer := range l.layers {
		h := 0.0
		for _, b := range layer {
			h = max(h, l.boxes[b].h)
		}
		for _, b := range layer {
			if l.boxes[b].h == 0 {
				l.boxes[b].h = h
			}
			l.boxes[b].y = y + (h-l.boxes[b].h)/2
		}
		y += h + l.gapY
	}
	l.height = max(0, y-l.gapY)
}

// placeX moves the boxes of each layer towards the middle of their neighbours,
// up and down in turn, and keeps order and gaps.
func (l *layout) placeX() {
	for _, layer := range l.layers {
		l.spread(layer, make([]float64, len(l.boxes)))
	}
	for round := range 12 {
		down := round%2 == 0
		for i := range l.layers {
			if !down {
				i = len(l.layers) - 1 - i
			}
			preferred := make([]float64, len(l.boxes))
			for _, b := range l.layers[i] {
				preferred[b] = l.mean(b, down, func(box int, end float64) float64 { return l.boxes[box].middle() + end })
			}
			l.spread(l.layers[i], preferred)
		}
	}
	l.moveToOrigin()
}

// spread puts the boxes of a layer as near to the preferred middles as order and
// gaps allow. Boxes that would overlap form a block, which is centred on the mean of
// their preferences.
func (l *layout) spread(layer []int, preferred []float64) {
	type block struct {
		boxes []int
		left  float64 // preferred left edge, mean over the boxes
		width float64
	}
	var blocks []block
	for _, b := range layer {
		w := l.boxes[b].w
		blocks = append(blocks, block{[]int{b}, preferred[b] - w/2, w})
		for len(blocks) > 1 {
			p, q := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if p.left+p.width+l.gapX <= q.left {
				break
			}
			np, nq := float64(len(p.boxes)), float64(len(q.boxes))
			left := (p.left*np + (q.left-p.width-l.gapX)*nq) / (np + nq)
			blocks = append(blocks[:len(blocks)-2], block{append(p.boxes, q.boxes...), left, p.width + l.gapX + q.width})
		}
	}
	for _, k := range blocks {
		x := k.left
		for _, b := range k.boxes {
			l.boxes[b].x = x
			x += l.boxes[b].w + l.gapX
		}
	}
}

func (l *layout) moveToOrigin() {
	if len(l.boxes) == 0 {
		return
	}
	left := slices.MinFunc(l.boxes, func(a, b placed) int { return cmp.Compare(a.x, b.x) }).x
	for i := range l.boxes {
		l.boxes[i].x -= left
		l.width = max(l.width, l.boxes[i].x+l.boxes[i].w)
	}
}
