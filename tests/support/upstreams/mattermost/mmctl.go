// Stands in for mmctl's sources.
package main

import "github.com/mattermost/mattermost/server/v8/cmd/mmctl/commands"

func main() { commands.Version() }
