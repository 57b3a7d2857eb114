module github.com/offlicense/offlicense/cmd/licensor/internal/web/browsertest

go 1.26.0

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	rsc.io/qr v0.2.0 // indirect
)

require github.com/offlicense/offlicense v0.0.0

replace github.com/offlicense/offlicense => ../../../../..
