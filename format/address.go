package format

import (
	"errors"
	"fmt"
	"strings"
)

// maxAddress is the most bytes of an e-mail address (RFC 3696, erratum 1690).
const maxAddress = 254

// ValidAddress returns nil for what can be somebody's e-mail address, as it is hashed into a
// request. It refuses what nobody sees, for no sale would ever fit it.
func ValidAddress(address string) error {
	if err := ValidText(address, maxAddress); err != nil {
		return err
	}
	name, domain, found := strings.Cut(address, "@")
	switch {
	case !found, name == "", domain == "":
		return errors.New("want a name, @ and a domain")
	case strings.Contains(domain, "@"):
		return errors.New("more than one @")
	case strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."), strings.Contains(domain, ".."):
		return errors.New("the domain begins or ends with a dot, or has two together")
	}
	for _, c := range address {
		switch {
		case strings.ContainsRune(" ,;:<>", c), c == ideographicSpace:
			return fmt.Errorf("it holds %q", c)
		case c == joiner, c == nonJoiner:
			return fmt.Errorf("it holds the invisible character %U", c)
		}
	}
	return nil
}
