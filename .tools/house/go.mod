module github.com/gretestream/grete/.tools/house

go 1.27

toolchain go1.27.3
