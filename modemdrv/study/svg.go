package study

import (
	"fmt"
	"math"
	"strings"
)

// Sizes of a drawing, in pixels.
const (
	panelWidth  = 560
	panelHeight = 300
	marginLeft  = 70
	marginRight = 20
	marginTop   = 34
	marginFoot  = 44
	ticks       = 8 // about so many on an axis
)

// drawing is an SVG of panels below each other.
type drawing struct {
	body   strings.Builder
	height int
	width  int
}

// axis is one axis of a panel.
type axis struct {
	name     string
	from, to float64
}

// panel is one diagram of a drawing.
type panel struct {
	d      *drawing
	x, y   axis
	top, w int
	h      int
}

// panel begins a diagram below the others.
func (d *drawing) panel(title string, x, y axis, width, height int) *panel {
	p := &panel{d: d, x: x, y: y, top: d.height + marginTop, w: width, h: height}
	d.height += marginTop + height + marginFoot
	d.width = max(d.width, marginLeft+width+marginRight)
	d.text(marginLeft, p.top-12, "start", title)
	for _, v := range steps(x) {
		at := p.across(v)
		d.line(at, float64(p.top), at, float64(p.top+height), "grid")
		d.text(int(at), p.top+height+16, "middle", label(v))
	}
	for _, v := range steps(y) {
		at := p.down(v)
		d.line(marginLeft, at, float64(marginLeft+width), at, "grid")
		d.text(marginLeft-6, int(at)+4, "end", label(v))
	}
	d.text(marginLeft+width/2, p.top+height+34, "middle", x.name)
	d.text(marginLeft, p.top+height+34, "end", y.name)
	fmt.Fprintf(&d.body, "<rect x='%d' y='%d' width='%d' height='%d' class='frame'/>\n", marginLeft, p.top, width, height)
	return p
}

// steps are round values all over an axis.
func steps(a axis) (v []float64) {
	least := (a.to - a.from) / ticks
	if least <= 0 || math.IsInf(least, 0) || math.IsNaN(least) {
		return nil
	}
	decade := math.Pow(10, math.Floor(math.Log10(least)))
	step := 10 * decade
	for _, f := range []float64{5, 2, 1} {
		if f*decade >= least {
			step = f * decade
		}
	}
	for k := math.Ceil(a.from / step); k*step <= a.to+step/1000; k++ {
		v = append(v, k*step)
	}
	return v
}

func label(v float64) string { return fmt.Sprintf("%.4g", v+0) }

func (p *panel) across(x float64) float64 {
	return marginLeft + (x-p.x.from)/(p.x.to-p.x.from)*float64(p.w)
}

func (p *panel) down(y float64) float64 {
	return float64(p.top) + (p.y.to-y)/(p.y.to-p.y.from)*float64(p.h)
}

// inside keeps what is drawn within the panel.
func inside(v float64, a axis) float64 { return min(max(v, a.from), a.to) }

// curve draws a line through points.
func (p *panel) curve(class string, n int, at func(i int) (x, y float64)) {
	if n == 0 {
		return
	}
	fmt.Fprintf(&p.d.body, "<polyline class='%s' points='", class)
	for i := range n {
		x, y := at(i)
		fmt.Fprintf(&p.d.body, "%.1f,%.1f ", p.across(inside(x, p.x)), p.down(inside(y, p.y)))
	}
	p.d.body.WriteString("'/>\n")
}

// dot draws a point.
func (p *panel) dot(class string, x, y, radius float64) {
	fmt.Fprintf(&p.d.body, "<circle class='%s' cx='%.1f' cy='%.1f' r='%.1f'/>\n", class,
		p.across(inside(x, p.x)), p.down(inside(y, p.y)), radius)
}

func (d *drawing) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&d.body, "<line class='%s' x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f'/>\n", class, x1, y1, x2, y2)
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (d *drawing) text(x, y int, anchor, s string) {
	fmt.Fprintf(&d.body, "<text x='%d' y='%d' text-anchor='%s'>%s</text>\n", x, y, anchor, escape.Replace(s))
}

const style = `<style>text{font:12px sans-serif}.grid{stroke:#ddd}.frame{fill:none;stroke:#444}
polyline{fill:none;stroke-width:1.2}.main{stroke:#06c}.other{stroke:#c40}.eye{stroke:#06c;stroke-opacity:.25}
.point{fill:#06c;fill-opacity:.5}.ideal{fill:#c40}</style>
`

// svg gives the whole file.
func (d *drawing) svg() []byte {
	return fmt.Appendf(nil, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d'>\n%s<rect width='100%%' height='100%%' fill='#fff'/>\n%s</svg>\n",
		d.width, d.height, d.width, d.height, style, d.body.String())
}
