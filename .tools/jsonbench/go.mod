module github.com/gretestream/grete/.tools/jsonbench

go 1.27

toolchain go1.27.3

require (
	github.com/gretestream/grete v0.0.0
	github.com/segmentio/encoding v0.5.4
)

require (
	github.com/segmentio/asm v1.1.3 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/gretestream/grete => ../..
