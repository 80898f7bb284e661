// Prints what BuildKit's parser makes of Dockerfiles, and a shell's parser of
// shell text: the witness of plugins/sdk/tests and of host/builder/tests.
//
// Each line of the input is a JSON request, each line of the output its answer.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"mvdan.cc/sh/v3/syntax"
)

type request struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	// For words: the escape character and the variables.
	Escape    string   `json:"escape"`
	Variables []string `json:"variables"`
	// For commands.
	Bash bool `json:"bash"`
	// For stages.
	Args   map[string]string `json:"args"`
	Target string            `json:"target"`
	Build  string            `json:"build"`
}

// A stage as a build sees it.
type stage struct {
	Name     string `json:"name"`
	Base     string `json:"base"`
	Platform string `json:"platform"`
	Line     int    `json:"line"`
}

type heredoc struct {
	Name    string `json:"name"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type instruction struct {
	Keyword  string    `json:"keyword"`
	Line     string    `json:"line"`
	First    int       `json:"first"`
	Last     int       `json:"last"`
	Flags    []string  `json:"flags"`
	Words    []string  `json:"words"`
	Exec     bool      `json:"exec"`
	Heredocs []heredoc `json:"heredocs"`
}

type answer struct {
	Error        string        `json:"error,omitempty"`
	Escape       string        `json:"escape,omitempty"`
	Instructions []instruction `json:"instructions,omitempty"`
	Word         string        `json:"word,omitempty"`
	Commands     []string      `json:"commands,omitempty"`
	Stages       []stage       `json:"stages,omitempty"`
}

func dockerfile(text string) answer {
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	stages, _, err := instructions.Parse(result.AST, linter.New(&linter.Config{}))
	if err != nil {
		return answer{Error: err.Error()}
	}
	if len(stages) == 0 {
		return answer{Error: "dockerfile contains no stages to build"}
	}
	out := answer{Escape: string(result.EscapeToken)}
	for _, node := range result.AST.Children {
		one := instruction{
			Keyword: strings.ToLower(node.Value),
			Line:    node.Original,
			First:   node.StartLine,
			Last:    node.EndLine,
			Flags:   append([]string{}, node.Flags...),
			Words:   []string{},
			Exec:    node.Attributes["json"],
		}
		for next := node.Next; next != nil && len(next.Children) == 0; next = next.Next {
			one.Words = append(one.Words, next.Value)
		}
		one.Heredocs = []heredoc{}
		for _, h := range node.Heredocs {
			one.Heredocs = append(one.Heredocs, heredoc{h.Name, h.Chomp, h.Content})
		}
		out.Instructions = append(out.Instructions, one)
	}
	return out
}

func word(r request) answer {
	lex := shell.NewLex([]rune(r.Escape)[0])
	word, _, err := lex.ProcessWord(r.Text, shell.EnvsFromSlice(r.Variables))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Word: word}
}

// environment is what FROM lines can use: `defaultArgs` and `buildMetaArgs` of
// frontend/dockerfile/dockerfile2llb, which are not exported.
type environment map[string]string

func (e environment) Get(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

func (e environment) Keys() []string { return nil }

// stages resolves every FROM line as `buildDispatchStates`, `resolveReachableStages`
// and `dispatchState.init` of that package do; but that `scratch` keeps its flag,
// which tells what the programs are for that are copied there.
func stages(r request) ([]stage, error) {
	result, err := parser.Parse(strings.NewReader(r.Text))
	if err != nil {
		return nil, err
	}
	all, args, err := instructions.Parse(result.AST, linter.New(&linter.Config{}))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("dockerfile contains no stages to build")
	}
	target, build := platforms.MustParse(r.Target), platforms.MustParse(r.Build)
	last := all[len(all)-1].Name
	if last == "" {
		last = "default"
	}
	env := environment{
		"BUILDPLATFORM":   platforms.Format(build),
		"BUILDOS":         build.OS,
		"BUILDOSVERSION":  build.OSVersion,
		"BUILDARCH":       build.Architecture,
		"BUILDVARIANT":    build.Variant,
		"TARGETPLATFORM":  platforms.FormatAll(target),
		"TARGETOS":        target.OS,
		"TARGETOSVERSION": target.OSVersion,
		"TARGETARCH":      target.Architecture,
		"TARGETVARIANT":   target.Variant,
		"TARGETSTAGE":     last,
	}
	lex := shell.NewLex(result.EscapeToken)
	for _, command := range args {
		for _, arg := range command.Args {
			if given, ok := r.Args[arg.Key]; ok {
				env[arg.Key] = given
			} else if arg.Value != nil {
				value, err := lex.ProcessWordWithMatches(*arg.Value, env)
				if err != nil {
					return nil, err
				}
				env[arg.Key] = value.Result
			}
		}
	}
	var out []stage
	named := map[string]int{}
	for number, from := range all {
		base, err := lex.ProcessWordWithMatches(from.BaseName, env)
		if err != nil {
			return nil, err
		}
		if base.Result == "" {
			return nil, fmt.Errorf("base name (%s) should not be blank", from.BaseName)
		}
		platform := target
		if from.Platform != "" {
			flag, err := lex.ProcessWordWithMatches(from.Platform, env)
			if err != nil {
				return nil, err
			}
			if flag.Result == "" {
				return nil, fmt.Errorf("empty platform value from expression %s", from.Platform)
			}
			if platform, err = platforms.Parse(flag.Result); err != nil {
				return nil, err
			}
		}
		one := stage{from.Name, base.Result, platforms.Format(platforms.Normalize(platform)), from.Location[0].Start.Line}
		if earlier, ok := named[base.Result]; ok {
			one.Platform = out[earlier].Platform
		}
		if from.Name != "" {
			named[from.Name] = number
		}
		out = append(out, one)
	}
	return out, nil
}

// A run of simple commands that pipes join, as [start, end).
type run struct{ start, end uint }

func commands(r request) answer {
	lang := syntax.LangPOSIX
	if r.Bash {
		lang = syntax.LangBash
	}
	file, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(r.Text), "")
	if err != nil {
		return answer{Error: err.Error()}
	}
	var runs []run
	pipes := map[*syntax.Stmt]bool{}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			return false
		case *syntax.Stmt:
			if !pipes[node] {
				var open *run
				pipeline(node, pipes, &open, &runs)
				if open != nil {
					runs = append(runs, *open)
				}
			}
		}
		return true
	})
	slices.SortFunc(runs, func(a, b run) int { return int(a.start) - int(b.start) })
	out := answer{Commands: []string{}}
	for _, one := range runs {
		out.Commands = append(out.Commands, r.Text[one.start:one.end])
	}
	return out
}

func pipeline(stmt *syntax.Stmt, pipes map[*syntax.Stmt]bool, open **run, runs *[]run) {
	pipes[stmt] = true
	switch cmd := stmt.Cmd.(type) {
	case *syntax.BinaryCmd:
		if cmd.Op == syntax.Pipe || cmd.Op == syntax.PipeAll {
			pipeline(cmd.X, pipes, open, runs)
			pipeline(cmd.Y, pipes, open, runs)
			return
		}
	case *syntax.CallExpr, *syntax.DeclClause, *syntax.LetClause, *syntax.TestClause, *syntax.ArithmCmd, nil:
		start, end := extent(stmt)
		if *open == nil {
			*open = &run{start, end}
		}
		(*open).end = end
		return
	}
	if *open != nil {
		*runs = append(*runs, **open)
		*open = nil
	}
}

// extent is where a simple command is, without `!`, `&`, `;` and the bodies of
// its here-documents.
func extent(stmt *syntax.Stmt) (uint, uint) {
	var start, end uint
	first := true
	cover := func(from, to syntax.Pos) {
		if first || from.Offset() < start {
			start = from.Offset()
		}
		if first || to.Offset() > end {
			end = to.Offset()
		}
		first = false
	}
	if stmt.Cmd != nil {
		cover(stmt.Cmd.Pos(), stmt.Cmd.End())
	}
	for _, redirect := range stmt.Redirs {
		cover(redirect.Pos(), redirect.Word.End())
	}
	return start, end
}

func main() {
	in := bufio.NewReader(os.Stdin)
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var r request
		if err := decoder.Decode(&r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		var out answer
		switch r.Kind {
		case "dockerfile":
			out = dockerfile(r.Text)
		case "word":
			out = word(r)
		case "commands":
			out = commands(r)
		case "stages":
			all, err := stages(r)
			if err != nil {
				out = answer{Error: err.Error()}
			} else {
				out = answer{Stages: all}
			}
		default:
			out = answer{Error: "unknown kind " + r.Kind}
		}
		if err := encoder.Encode(out); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
