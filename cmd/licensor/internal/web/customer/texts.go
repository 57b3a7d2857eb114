package customer

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed texts
var textFiles embed.FS

// texts are all words of the pages in one language: a file has them.
type texts struct {
	Lang  string            `toml:"lang"` // as html lang has it
	Name  string            `toml:"name"` // of the language, in that language
	Page  map[string]string `toml:"page"`
	State map[string]string `toml:"state"` // of sales and sites
	Said  map[string]answer `toml:"said"`  // what is told by the word of a rule; English is the service's own
}

type answer struct {
	Detail string `toml:"detail"`
	Next   string `toml:"next"`
}

// all are the languages, the first one where a browser wants none of them.
var all, matcher = load("en", "de")

func load(names ...string) (all []*texts, m language.Matcher) {
	var tags []language.Tag
	for _, name := range names {
		file, err := textFiles.ReadFile(path.Join("texts", name+".toml"))
		t := new(texts)
		if err == nil {
			err = toml.Unmarshal(file, t)
		}
		if err != nil {
			panic(err) // a file that is embedded
		}
		all, tags = append(all, t), append(tags, language.MustParse(name))
	}
	return all, language.NewMatcher(tags)
}

// textsFor returns the texts in the language that was chosen, or that the browser prefers.
func textsFor(r *http.Request, chosen string) *texts {
	for _, t := range all {
		if t.Lang == chosen {
			return t
		}
	}
	_, at := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return all[at]
}

// T returns a text by its name, with values in it.
func (t *texts) T(name string, values ...any) string {
	text, known := t.Page[name]
	if !known {
		panic("no text " + name)
	}
	if len(values) == 0 {
		return text
	}
	return fmt.Sprintf(text, values...)
}

// StateOf returns the name of a state.
func (t *texts) StateOf(state any) string {
	word := fmt.Sprint(state)
	if text := t.State[word]; text != "" {
		return text
	}
	return word
}

// said returns in this language what the service says in English, by the word of its rule.
func (t *texts) said(rule, detail, next string) (string, string) {
	if own, known := t.Said[rule]; known {
		if own.Detail != "" {
			detail = own.Detail
		}
		if own.Next != "" {
			next = own.Next
		}
	}
	return strings.TrimSpace(detail), strings.TrimSpace(next)
}
