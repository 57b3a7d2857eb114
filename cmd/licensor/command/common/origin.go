package common

import (
	"net/url"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// Origin reads what an option says: a scheme and a host, under which a site is reached.
func Origin(option, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, cli.Usagef("--%s does not take %s", option, cli.Quote(text)).WithHint("want a scheme and a host, such as https://licenses.acme.example")
	}
	host := strings.ToLower(u.Host)
	// A browser leaves out the port that goes without saying.
	if port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]; strings.HasSuffix(host, port) {
		host = strings.TrimSuffix(host, port)
	}
	return &url.URL{Scheme: u.Scheme, Host: host}, nil
}
