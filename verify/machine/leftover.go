package machine

import (
	"slices"
	"strconv"
	"strings"
)

// noIdentity says in a few words why an operator's normalized value is not one that a single
// site has; "" where nothing speaks against it. What stands in quotes, brackets or between other
// signs of a template is no better than what is in them.
func noIdentity(label, v string) string {
	if what := noIdentityBare(label, v); what != "" {
		return what
	}
	bare := strings.Trim(v, templateSigns)
	if bare == "" || bare[0] != v[0] && wordLength(bare) == len(bare) {
		return isALeftover // {x} #x# "x" :x @x &x %x
	}
	if bare[0] != v[0] {
		return noIdentityBare(label, bare)
	}
	return ""
}

const (
	templateSigns = "\"'`()[]{}<>|#~^*:;&=@%,!? "
	isALeftover   = "what an unset variable or an unfilled template leaves"
)

func noIdentityBare(label, v string) string {
	switch {
	case isPlaceholder(v):
		return "none, or a placeholder such as 1, 0000 or 12345"
	case isLeftover(v):
		return isALeftover
	case isMessage(v):
		return "what a program printed instead of an id"
	case isSmallNumber(v):
		return "a bare number, such as that of a user or a process, or a date"
	case isHostOfAll(v):
		return "a name or an address that many hosts have"
	case isNameOfValue(label, v):
		return "the name of a value, not a value"
	case isPath(v):
		return "the path of a file, which other sites have, too"
	}
	return ""
}

// isLeftover reports whether v holds what templates and shells leave of a variable that they
// did not fill. Its letters are lower case.
func isLeftover(v string) bool {
	for i := range len(v) {
		// $X ${X} $(X) $$ of shells, Compose, Kubernetes and make; a share of Windows ends in $.
		if v[i] == '$' && i+1 < len(v) && v[i+1] != '\\' && v[i+1] != '/' {
			return true
		}
	}
	if containsAny(v, leftoverMarks[:]) {
		return true
	}
	for _, m := range leftoverWords {
		if hasWordBetween(v, m.open, m.close) {
			return true
		}
	}
	if scheme, _, found := strings.Cut(v, ":"); found && hasWord(leftoverSchemes, scheme) || strings.HasPrefix(v, "ref+") {
		return true
	}
	if tag, _, found := strings.Cut(v, " "); found && hasWord("!ref !sub !getatt !join !importvalue !vault !env", tag) {
		return true // of CloudFormation and its like
	}
	first, name, dotted := strings.Cut(strings.TrimPrefix(v, "."), ".")
	return dotted && wordLength(name) == len(name) && (v[0] == '.' || !strings.Contains(name, ".") && hasWord(leftoverScopes, first))
}

// leftoverMarks are in no id that anybody gives.
var leftoverMarks = [...]string{
	"%(", "%[", "%{", "%!", // Python, Puppet, and Go's fmt that had too few values
	"{{", "}}", "{%", "%}", "{#", "#{", "@{", "~{", "[[", "]]", "((", "))", // Go, Helm, Jinja, Handlebars, Ruby, Concourse
	"<", ">", // <no value> <nil> <your-id> <%= x %>
	"`",                                                                                  // of a shell that did not run
	"[object object]", "map[", "&{", "[]", "0xc000", "java.lang.", "system.collections.", // objects that a program printed
	"%env(", "[%", "('", "(\"", "['", "[\"", "process.env.", // Symfony, Template Toolkit, os.environ["X"], lookup('env', 'X')
	"@microsoft.keyvault(", "enc[", "aws::",
}

// leftoverSchemes come before the name of a secret that nobody fetched.
const leftoverSchemes = "op vault secret secrets secretref env file ssm awsssm awssm awssecret azkv azurekv gcpsm gcpsecret kms keyvault keyring sops"

// isMessage reports whether v is a sentence that a program printed because it found no value.
func isMessage(v string) bool {
	return strings.Contains(v, " ") && containsAny(v, []string{
		"not found", "not defined", "no such ", "cannot ", "can't ", "could not ", "couldn't ", "denied", "refused", "error", "failed",
		"invalid ", "usage:", "exception", "timed out", "timeout", "unable to ", "resource id #", "known after", "{\"",
	}) || strings.HasPrefix(v, "{\"") || strings.HasPrefix(v, "uid=")
}

// isPath reports whether v is where a program would read an id, and not an id. Only what names
// the medium is one: /dev/disk/by-id/....
func isPath(v string) bool {
	for dir := range strings.FieldsSeq("/etc/ /run/ /var/ /proc/ /sys/ /tmp/ /home/ /root/ /opt/ /usr/ /dev/ ./ ../ ~/") {
		if strings.HasPrefix(v, dir) {
			return !strings.HasPrefix(v, "/dev/disk/by-") || strings.HasPrefix(v, "/dev/disk/by-label/") || strings.HasPrefix(v, "/dev/disk/by-path/")
		}
	}
	return len(v) > 2 && 'a' <= v[0] && v[0] <= 'z' && v[1] == ':' && (v[2] == '\\' || v[2] == '/')
}

// leftoverWords stand around the name of a variable.
var leftoverWords = [...]struct{ open, close string }{
	{"%", "%"}, {"%", ":"}, {"!", "!"}, // batch files: %X% %X:~0,8% !X!
	{"{", "}"},   // Python's format, URI templates
	{"@", "@"},   // configure, CMake, Ant
	{"__", "__"}, // installers
}

// leftoverScopes are where templates look values up, in what is left without the template's own signs.
const leftoverScopes = `values var vars vault secret secrets input inputs output outputs param params parameters env ansible_facts
	metadata spec status local locals module terraform self each item hostvars`

// hasWordBetween reports whether the name of a variable stands between two marks. A UUID in
// braces is none.
func hasWordBetween(v, opening, closing string) bool {
	for {
		_, rest, found := strings.Cut(v, opening)
		if !found {
			return false
		}
		n := wordLength(rest)
		if closing[0] == '_' {
			if end := strings.Index(rest[:n], closing); end > 0 {
				return true
			}
		} else if n > 0 && strings.HasPrefix(rest[n:], closing) && !isUUID(strings.ReplaceAll(rest[:n], "-", "")) {
			return true
		}
		v = rest
	}
}

// wordLength returns how many bytes the name of a variable has with which s begins.
func wordLength(s string) int {
	for i := range len(s) {
		letter := 'a' <= s[i] && s[i] <= 'z' || s[i] == '_'
		if !letter && (i == 0 || s[i] != '-' && s[i] != '.' && (s[i] < '0' || s[i] > '9')) {
			return i
		}
	}
	return len(s)
}

// isSmallNumber reports whether v is a number up to 2^32, in decimal or with 0x: ids of
// users, groups and processes, ports, counts, times and dates, also with signs between the
// digits; or what a spreadsheet makes of a long number, 1.23e+14. Longer ones are numbers of
// accounts and the like.
func isSmallNumber(v string) bool {
	v = strings.TrimLeft(v, "+-")
	if hex, ok := strings.CutPrefix(v, "0x"); ok {
		_, err := strconv.ParseUint(hex, 16, 32)
		return err == nil
	}
	if v == "" || v[0] < '0' || v[0] > '9' || strings.Contains(v, "_") && strings.Trim(v, "0123456789_") != "" {
		return false
	}
	if strings.Count(v, ".") < 2 && strings.Trim(v, "0123456789,_ '/:.-") == "" {
		v = strings.NewReplacer(",", "", "_", "", " ", "", "'", "", "/", "", ":", "", "-", "").Replace(v)
	}
	n, err := strconv.ParseFloat(v, 64)
	return err == nil && (n <= 1<<32 || strings.Contains(v, "e+"))
}

// isHostOfAll reports whether v is a name that an installer, an image or a documentation gives
// to hosts, with or without a local domain, or an address that all have; perhaps with a scheme and
// a port, or the first number of its kind: node1, vm-01, debian12.
func isHostOfAll(v string) bool {
	if _, host, found := strings.Cut(v, "://"); found {
		host, _, _ = strings.Cut(host, "/")
		v = host
	}
	if host, port, found := strings.Cut(v, ":"); found && port != "" && strings.Trim(port, "0123456789") == "" {
		v = host
	}
	for _, net := range [...]string{"127.", "169.254.", "fe80:", "0242ac11", "02:42:ac:11:", "ip-10-0-0-", "ip-172-31-"} {
		if strings.HasPrefix(v, net) {
			return true
		}
	}
	v = strings.TrimSuffix(v, ".")
	for _, domain := range [...]string{".localdomain", ".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa", ".example", ".example.com"} {
		v = strings.TrimSuffix(v, domain)
	}
	if hasWord(hostsOfAll, v) || hasWord(systems, v) || hasWord(systems, strings.TrimRight(v, "0123456789.-")) {
		return true
	}
	name := strings.TrimRight(v, "01")
	number := strings.Trim(v[len(name):], "0")
	return name != v && (number == "" || number == "1") && hasWord(hostsOfAll, strings.TrimRight(name, "-_"))
}

const hostsOfAll = `localhost localhost4 localhost6 ip6-localhost ip6-loopback localdomain local lan broadcasthost
	127.0.0.1 127.0.1.1 ::1 0.0.0.0 :: 255.255.255.255 10.0.2.15 10.0.0.1 10.96.0.1 10.43.0.1 10.152.183.1 172.17.0.1 172.17.0.2 192.168.0.1 192.168.1.1
	docker docker-desktop kind kind-kind kind-control-plane k3s k3d microk8s minikube kubernetes rancher-desktop podman lima colima multipass
	kubernetes-admin@kubernetes control-plane master worker node host hostname server srv vm guest template golden image base vagrant virtualbox vmware qemu kvm packer
	cloud cloudimg instance desktop laptop pc workstation mypc my-pc computer mycomputer my-computer macbook macbook-pro macbook-air imac
	mac-mini notebook user-pc admin-pc win windows winserver router gateway firewall switch printer nas web www app db mail proxy
	root admin administrator user nobody system service www-data daemon
	default kube-system kube-public cluster.local svc.cluster.local kubernetes.default kubernetes.default.svc localhost.localdomain6`

// systems give their names to hosts, often with a version.
const systems = `almalinux alpine amazonlinux arch archiso archlinux artix centos clearlinux coreos debian endeavouros fedora flatcar
	freebsd garuda gentoo kali linux linuxmint manjaro mint netbsd nixos openbsd opensuse oracle oraclelinux parrot photon pop-os
	raspberry raspberrypi raspbian redhat rhel rocky slackware sles solus suse tails ubuntu ubuntu-server void unix
	dietpi libreelec openwrt opnsense pfsense proxmox pve esxi xenserver truenas freenas unraid synology diskstation qnap`

// isNameOfValue reports whether v says what belongs in its place: the component's own label, or
// words with no digit such as your-cluster-id.
func isNameOfValue(label, v string) bool {
	if strings.Trim(v, templateSigns+"-_") == label || len(label) > 2 && strings.TrimRight(v, "01-_") == label {
		return true // cluster: cluster-1
	}
	if strings.ContainsAny(v, "0123456789") {
		return false
	}
	words := strings.FieldsFunc(v, func(r rune) bool { return r < 'a' || r > 'z' })
	if len(words) == 0 {
		return true // signs alone
	}
	all := true
	for _, word := range words {
		rest, ok := strings.CutPrefix(word, label)
		if hasWord(namesOfValues, word) || ok && hasWord(namesOfValues, rest) { // clusteruid
			return true
		}
		all = all && (ok && (rest == "" || rest == "name") || word == "my"+label || word == label+"s" || hasWord("the a an name of this our new old test main default local", word))
	}
	return all
}

const namesOfValues = `id ids uid uuid guid ident identifier value your my change changeme changeit replace replaceme insert
	enter fill dummy placeholder todo fixme tbd tba here undefined null nil unset nan`

// hasWord looks for a word in a text of words. Nothing is made of the text when a program starts.
func hasWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func containsAny(v string, marks []string) bool {
	return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(v, mark) })
}
