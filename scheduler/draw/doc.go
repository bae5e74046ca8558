// Package draw shows plans: as text ([Text]), and as pictures for Graphviz
// ([Dot]), for Markdown ([Mermaid]) and for web pages ([SVG]).
//
// All pictures show the same items and arrows (picture.go). For SVG the package
// lays them out itself (layout.go). Like package scheduler it is pure.
package draw
