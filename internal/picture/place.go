package picture

// place gives every spot its x by columns and its y near its neighbours.
func (l *layout) place(g *Graph) {
	l.across(g)
	for _, layer := range l.layers {
		y := 0.0
		for _, s := range layer {
			l.spots[s].y = y + l.spots[s].height/2
			y += l.spots[s].height + nodeGap
		}
	}
	for i := range straightens {
		if i%2 == 0 {
			for layer := range l.layers {
				l.straighten(layer, func(s *spot) []int { return s.left })
			}
			continue
		}
		for layer := len(l.layers) - 1; layer >= 0; layer-- {
			l.straighten(layer, func(s *spot) []int { return s.right })
		}
	}
	l.frame()
}

// across places the columns: each as wide as its widest node, with room for the
// labels of the edges that leave it.
func (l *layout) across(g *Graph) {
	room := make([]float64, len(l.layers)+1)
	for _, r := range l.routes {
		if label := g.Edges[r.edge].Label; label != "" {
			layer := l.spots[r.spots[0]].layer
			room[layer] = max(room[layer], textWidth(label, labelSize)+28)
		}
	}
	x := float64(margin)
	for i, layer := range l.layers {
		wide := 0.0
		for _, s := range layer {
			wide = max(wide, l.spots[s].width)
		}
		for _, s := range layer {
			l.spots[s].x = x
			if l.spots[s].node < 0 {
				l.spots[s].width = wide
			}
		}
		x += wide + columnGap + room[i]
	}
}

// straighten moves the spots of a column towards the mean height of their
// neighbours and keeps their order and distances. With the distances taken off
// that is an isotonic regression, which pooling adjacent violators solves.
func (l *layout) straighten(layer int, beside func(*spot) []int) {
	spots := l.layers[layer]
	type pool struct {
		sum   float64
		count int
	}
	offset := make([]float64, len(spots))
	var pools []pool
	for i, s := range spots {
		if i > 0 {
			offset[i] = offset[i-1] + (l.spots[spots[i-1]].height+l.spots[s].height)/2 + nodeGap
		}
		want := l.spots[s].y
		if near := beside(&l.spots[s]); len(near) > 0 {
			want = 0
			for _, n := range near {
				want += l.spots[n].y
			}
			want /= float64(len(near))
		}
		pools = append(pools, pool{want - offset[i], 1})
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if a.sum/float64(a.count) <= b.sum/float64(b.count) {
				break
			}
			pools = append(pools[:len(pools)-2], pool{a.sum + b.sum, a.count + b.count})
		}
	}
	i := 0
	for _, p := range pools {
		for range p.count {
			l.spots[spots[i]].y = p.sum/float64(p.count) + offset[i]
			i++
		}
	}
}

// frame moves everything into the picture and measures it.
func (l *layout) frame() {
	if len(l.spots) == 0 {
		l.width, l.height = 2*margin, 2*margin
		return
	}
	top, bottom := l.spots[0].y, l.spots[0].y
	for _, s := range l.spots {
		top, bottom = min(top, s.y-s.height/2), max(bottom, s.y+s.height/2)
		l.width = max(l.width, s.x+s.width+margin)
	}
	for i := range l.spots {
		l.spots[i].y += margin - top
	}
	l.height = bottom - top + 2*margin
}

// line returns the points that an edge passes, from its start to its end.
func (l *layout) line(r route) []point {
	var out []point
	for i, at := range r.spots {
		s := &l.spots[at]
		left, right := point{s.x, s.y}, point{s.x + s.width, s.y}
		switch {
		case i == 0:
			out = append(out, right)
		case i == len(r.spots)-1:
			out = append(out, left)
		default:
			out = append(out, left, right)
		}
	}
	if r.reversed {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}
