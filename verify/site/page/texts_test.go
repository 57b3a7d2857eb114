package page

import (
	"html"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestEnglish: nothing is empty, and every code has its words.
func TestEnglish(t *testing.T) {
	texts := reflect.ValueOf(English())
	for i := range texts.NumField() {
		if name := texts.Type().Field(i).Name; texts.Field(i).IsZero() {
			t.Errorf("%s is empty", name)
		}
	}
	for code, says := range englishFaults {
		if says.What == "" || says.Next == "" {
			t.Errorf("%s has no words", code)
		}
	}
	for _, kind := range format.Types() {
		if English().Types[kind] == "" {
			t.Errorf("type %s has no word", kind)
		}
	}
	source := read(t, "fault.go")
	codes := regexp.MustCompile(`(?m)^\t(\w+) +FaultCode = "([a-z-]+)"`).FindAllStringSubmatch(source, -1)
	for _, m := range codes {
		if _, known := englishFaults[FaultCode(m[2])]; !known {
			t.Errorf("%s has no words", m[1])
		}
	}
	if len(codes) != len(englishFaults) || len(codes) < 20 {
		t.Errorf("%d codes, words for %d", len(codes), len(englishFaults))
	}
	reasons := regexp.MustCompile(`(?m)^\t\w+ +Reason = "([a-z-]+)"`).FindAllStringSubmatch(read(t, "../../reason.go"), -1)
	for _, m := range reasons {
		if reason := verify.Reason(m[1]); englishReasons[reason].What == "" && reason != verify.Valid && reason != verify.Grace {
			t.Errorf("reason %s has no word", m[1])
		}
	}
	if len(reasons) < 18 {
		t.Errorf("saw %d reasons", len(reasons))
	}
}

// TestTranslated: a product can say every word of the page in its own language.
func TestTranslated(t *testing.T) {
	var translated Texts
	value := reflect.ValueOf(&translated).Elem()
	var english []string
	for i := range value.NumField() {
		field := value.Field(i)
		switch field.Kind() {
		case reflect.String:
			word := reflect.ValueOf(English()).Field(i).String()
			var kept strings.Builder
			for _, placeholder := range regexp.MustCompile(`\{\w+\}`).FindAllString(word, -1) {
				kept.WriteString(placeholder)
			}
			english = append(english, word)
			field.SetString("ж" + kept.String())
		case reflect.Map:
			field.Set(reflect.MakeMap(field.Type()))
		}
	}
	translated.Lang, translated.Dir = "ru", "ltr"
	for name := range English().Types {
		translated.Types[name] = "ж"
	}
	for name := range English().Done {
		translated.Done[name] = "ж"
	}
	for reason := range englishReasons {
		translated.Reasons[reason] = Says{"ж", "ж"}
	}
	for code := range englishFaults {
		translated.Faults[code] = Says{"ж", "ж"}
	}
	translated.Warn[verify.EndsSoon] = "ж {days} {date}"
	translated.Day = func(t time.Time) string { return t.Format("02.01.2006") }
	translated.Time = func(t time.Time) string { return t.Format("02.01.2006 15:04") }

	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service, o.Texts = v.URL, translated })
	clean := func(s seen) {
		t.Helper()
		body := regexp.MustCompile(`(?s)<svg.*?</svg>|<textarea.*?</textarea>|<span lang="en">.*?</span>|<div class="said".*?</div>`).ReplaceAllString(s.body, "")
		text := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, "\n"))
		for _, said := range english {
			if said = strings.SplitN(said, "{", 2)[0]; len(said) > 6 && strings.Contains(text, said) {
				t.Errorf("it says %q: %q", said, text)
			}
		}
		for word := range strings.FieldsSeq(text) {
			if len(word) > 3 && word == strings.ToLower(word) && !strings.Contains("evoq engage users", strings.Split(word, ":")[0]) && regexp.MustCompile(`^[a-z]+$`).MatchString(word) {
				t.Errorf("it says %q: %q", word, text)
			}
		}
	}
	clean(p.see(t, ""))
	clean(p.see(t, "?view=add"))
	clean(p.see(t, "?view=install"))
	clean(p.add(t, "production", "manual"))
	clean(p.see(t, ""))
	clean(p.add(t, "development", "automatic"))
	clean(p.add(t, "production", "automatic"))
	p.clock.Set(sitetest.Ends.Add(-49 * time.Hour))
	s := p.see(t, "")
	clean(s)
	s.want(t, 200, "warnings", "ж 3 21.11.2027", "license-expires", "21.11.2027")
	clean(p.see(t, "?view=remove&id="+s.id("license")))
	clean(p.press(t, "do", "remove", "id", s.id("license")))
	clean(p.press(t, "do", "remove", "id", "x"))
	p.o.Allowed = func(*http.Request) bool { return false }
	clean(p.see(t, ""))
}
