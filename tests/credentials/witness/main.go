// Records what Docker's own code reads from each configuration in a table of
// them: the witness of tests/credentials.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
)

type row struct {
	Name string `json:"name"`
	// The text of config.json, DOCKER_AUTH_CONFIG, and the registry.
	Config   string `json:"config"`
	Variable string `json:"variable,omitempty"`
	Host     string `json:"host"`
	// What Docker makes of it.
	Docker login `json:"docker"`
	// What is made of it here, where that is something else, and why.
	Ours    *login `json:"ours,omitempty"`
	Because string `json:"because,omitempty"`
}

type login struct {
	Error         bool   `json:"error,omitempty"`
	Username      string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	IdentityToken string `json:"identitytoken,omitempty"`
	RegistryToken string `json:"registrytoken,omitempty"`
}

func read(folder string, asked row) (login, error) {
	file := filepath.Join(folder, config.ConfigFileName)
	if err := os.WriteFile(file, []byte(asked.Config), 0o600); err != nil {
		return login{}, err
	}
	if err := os.Setenv(configfile.DockerEnvConfigKey, asked.Variable); err != nil {
		return login{}, err
	}
	loaded, err := config.Load(folder)
	if err != nil {
		return login{Error: true}, nil
	}
	found, err := loaded.GetAuthConfig(asked.Host)
	if err != nil {
		return login{Error: true}, nil
	}
	return login{
		Username:      found.Username,
		Password:      found.Password,
		IdentityToken: found.IdentityToken,
		RegistryToken: found.RegistryToken,
	}, nil
}

func run(table string) error {
	folder, err := os.MkdirTemp("", "witness")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	text, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	var rows []row
	if err := json.Unmarshal(text, &rows); err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Docker, err = read(folder, rows[i]); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(rows); err != nil {
		return err
	}
	return os.WriteFile(table, out.Bytes(), 0o644)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: witness TABLE.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
