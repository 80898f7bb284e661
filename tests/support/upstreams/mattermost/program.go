// Stands in for Mattermost's programs: tells who made it, and where it runs.
package main

import (
	"os"
	"runtime"
)

var made = "nobody"

func main() {
	version, err := os.ReadFile("/mattermost/VERSION")
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(os.Args[0] + " " + string(version) + " " + runtime.GOOS + "/" + runtime.GOARCH + " made by " + made + "\n")
}
