package main

import "runtime"

var version string

func main() { println("hello", version, runtime.GOOS+"/"+runtime.GOARCH) }
