package draw

import "strings"

// svgStyle is the picture's style sheet: light, and dark for readers who prefer
// that. It has no variables, which converters to other formats don't know.
func svgStyle() string {
	return svgShape + svgColors(
		"BACK", "#ffffff", "INK", "#1d2433", "SOFT", "#5c667a", "LINE", "#8b95a9", "EDGE", "#cfd6e2",
		"STAGE", "#f4f6fa", "OPERATOR", "#ffffff", "STATE", "#fff4dc", "RIM-S", "#dfb75b",
		"TOPIC", "#e3f0ff", "RIM-T", "#7fb2ea", "OWN", "#efe9fd", "RIM-O", "#ab94e6",
	) + "@media (prefers-color-scheme:dark){\n" + svgColors(
		"BACK", "#12161f", "INK", "#e8ecf4", "SOFT", "#9aa5ba", "LINE", "#7d889f", "EDGE", "#3a4458",
		"STAGE", "#1a202c", "OPERATOR", "#242d3d", "STATE", "#3a2f16", "RIM-S", "#a5832f",
		"TOPIC", "#15304f", "RIM-T", "#3f78b5", "OWN", "#2b2347", "RIM-O", "#7c64bd",
	) + "}\n"
}

const svgShape = `
.grete text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;text-anchor:middle}
.grete .note{font-size:11px}
.grete .name{font-weight:600}
.grete .left{text-anchor:start}
.grete .way{fill:none;stroke-width:1.5}
`

// svgColors takes pairs of a colour's name and value.
func svgColors(palette ...string) string {
	return strings.NewReplacer(palette...).Replace(`.grete .back{fill:BACK}
.grete text{fill:INK}
.grete .note{fill:SOFT}
.grete .stage>rect{fill:STAGE;stroke:EDGE}
.grete .op>rect{fill:OPERATOR;stroke:EDGE}
.grete .state>rect{fill:STATE;stroke:RIM-S}
.grete .topic>rect{fill:TOPIC;stroke:RIM-T}
.grete .own>rect{fill:OWN;stroke:RIM-O}
.grete .way{stroke:LINE}
.grete .tip{fill:LINE}
`)
}
