// Stands in for the server's sources: tells what upstream's `mattermost version` does.
package main

import (
	"os"
	"runtime"

	"github.com/mattermost/mattermost/server/public/model"
)

func main() {
	os.Stdout.WriteString("mattermost " + model.BuildNumber + " " + runtime.GOOS + "/" + runtime.GOARCH +
		" compiled from " + model.BuildHash + " on " + model.BuildDate + "\n")
}
