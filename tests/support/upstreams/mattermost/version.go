// Tells what `mmctl version` does, read as upstream's server/cmd/mmctl/commands/version.go reads it: the commit from what Go
// asked git for, as since 9.0, and the date from the linker.
package commands

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mattermost/mattermost/server/public/model"
)

var buildDate = "dev mode"

func Version() {
	revision, state := "dev mode", "dev mode"
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = setting.Value
		case "vcs.modified":
			state = map[string]string{"true": "dirty", "false": "clean"}[setting.Value]
		}
	}
	os.Stdout.WriteString("mmctl " + model.BuildNumber + " " + runtime.GOOS + "/" + runtime.GOARCH +
		" compiled from " + revision + " (" + state + ") on " + buildDate + "\n")
}
