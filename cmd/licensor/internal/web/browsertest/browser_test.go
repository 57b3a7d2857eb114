package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// tab is a page in a Chromium of its own. It fails its test for each violation of a content
// security policy, each error of a script, and each file that a page wants and does not get.
type tab struct {
	testing.TB
	ctx context.Context

	judging atomic.Bool // axe-core is at work, which brings a style of its own
}

// open starts a browser; a machine without one skips the test visibly.
func open(t testing.TB, options ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skipf("SKIPPED: no chromium: %v", err)
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1100, 900), chromedp.Flag("lang", "en-US"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(o, options...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b := &tab{TB: t, ctx: ctx}
	b.watch()
	return b
}

func (b *tab) watch() {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, audits.Enable, cdp.Empty{}); err != nil {
		b.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	err := chromedp.Listen(b.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *audits.EventIssueAdded:
			if d := ev.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil && !b.judging.Load() {
				b.Errorf("the content security policy was violated: %s, %s", d.ViolatedDirective, d.ContentSecurityPolicyViolationType)
			}
		case *page.EventJavascriptDialogOpening:
			b.Errorf("a script says %q", ev.Message)
		case *network.EventResponseReceived:
			if ev.Type != network.ResourceTypeDocument && ev.Response.Status >= 400 && !strings.HasSuffix(ev.Response.URL, "/favicon.ico") {
				b.Errorf("%s: %d", ev.Response.URL, ev.Response.Status)
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		for m, err := range chromedp.Console(b.ctx) {
			if err != nil {
				return
			}
			if m.IsException() {
				b.Errorf("a script has failed: %s", m)
			}
		}
	}()
}

// step is how long a person would wait for what they have pressed.
func (b *tab) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, 30*time.Second)
}

// do runs steps.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := b.step()
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.shot("failed")
		b.Fatalf("%v\nat %s:\n%s", err, b.at(), b.text())
	}
}

// visit opens a page.
func (b *tab) visit(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
}

// fill types into a field.
func (b *tab) fill(selector, value string) {
	b.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), value))
}

// press presses a button, or follows a link, and waits for the page behind it.
func (b *tab) press(selector string) {
	b.Helper()
	ctx, cancel := b.step()
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.shot("failed")
		b.Fatalf("%s: %v\nat %s:\n%s", selector, err, b.at(), b.text())
	}
}

// button presses the button with a text.
func (b *tab) button(text string) {
	b.Helper()
	b.pressText("button", text)
}

// link follows the link with a text.
func (b *tab) link(text string) {
	b.Helper()
	b.pressText("a", text)
}

func (b *tab) pressText(element, text string) {
	b.Helper()
	marked := value[bool](b, `(() => {
		const found = [...document.querySelectorAll(`+quote(element)+`)].find(e => e.textContent.trim() === `+quote(text)+`);
		document.querySelectorAll("[data-test]").forEach(e => e.removeAttribute("data-test"));
		if (found) found.setAttribute("data-test", "here");
		return Boolean(found);
	})()`)
	if !marked {
		b.shot("failed")
		b.Fatalf("no %s %q at %s:\n%s", element, text, b.at(), b.text())
	}
	b.press("[data-test=here]")
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return string(quoted)
}

// value returns what an expression has in the page.
func value[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *tab) at() string { return value[string](b, "location.href") }

// text is what a person reads.
func (b *tab) text() string { return value[string](b, "document.body.innerText") }

// want fails unless the page says something.
func (b *tab) want(texts ...string) {
	b.Helper()
	said := b.text()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			b.shot("failed")
			b.Fatalf("no %q at %s:\n%s", text, b.at(), said)
		}
	}
}

// narrow makes the window as wide as a small phone's.
func (b *tab) narrow() { b.do(chromedp.EmulateViewport(360, 800)) }
func (b *tab) wide()   { b.do(chromedp.EmulateViewport(1100, 900)) }

// shot keeps a picture of the page where BROWSERTEST_SHOTS names a directory.
func (b *tab) shot(name string) {
	dir := os.Getenv("BROWSERTEST_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(dir+"/"+strings.ReplaceAll(b.Name(), "/", "-")+"-"+name+".png", picture, 0o644)
	}
	if err != nil {
		b.Logf("no picture: %v", err)
	}
}

//go:embed testdata/axe.min.js
var axe string

// accessible asks axe-core what is wrong with the page for those who do not see it, or use no
// mouse, on a wide and on a narrow window; and nothing may stand beside a narrow one.
func (b *tab) accessible() {
	b.Helper()
	for _, size := range []func(){b.narrow, b.wide} {
		size()
		b.judge()
	}
}

// judge does so once, at the size of the window.
func (b *tab) judge() {
	b.Helper()
	b.judging.Store(true)
	defer b.judging.Store(false)
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](axe+";0")); err != nil {
		b.Fatal(err)
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "    " + n.html + "\n    " + n.failureSummary).join("\n")).join("\n"))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	if found != "" {
		b.Errorf("axe-core finds at %s:\n%s", b.at(), found)
	}
	if wide := value[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		b.Errorf("%s is %d pixels wider than its window of %d", b.at(), wide, value[int](b, "innerWidth"))
	}
}
