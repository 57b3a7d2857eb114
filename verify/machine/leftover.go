package machine

import (
	"strconv"
	"strings"
)

// noIdentity says in a few words why an operator's normalized value is not one that a single
// site has; "" where nothing speaks against it.
func noIdentity(label, v string) string {
	switch {
	case isPlaceholder(v):
		return "none, or a placeholder such as 1, 0000 or 12345"
	case isLeftover(v):
		return "what an unset variable or an unfilled template leaves"
	case isSmallNumber(v):
		return "a bare number, such as that of a user or a process"
	case isHostOfAll(v):
		return "a name that many hosts have"
	case isNameOfValue(label, v):
		return "the name of a value, not a value"
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
	for _, mark := range leftoverMarks {
		if strings.Contains(v, mark) {
			return true
		}
	}
	for _, m := range leftoverWords {
		if hasWordBetween(v, m.open, m.close) {
			return true
		}
	}
	for _, tag := range [...]string{"ref", "sub", "getatt", "join", "importvalue", "vault", "env"} { // of CloudFormation and its like
		if strings.HasPrefix(v, "!"+tag+" ") {
			return true
		}
	}
	first, name, dotted := strings.Cut(strings.TrimPrefix(v, "."), ".")
	return dotted && leftoverScopes[first] && wordLength(name) == len(name) && !strings.Contains(name, ".")
}

// leftoverMarks are in no id that anybody gives.
var leftoverMarks = [...]string{
	"%(", "%[", "%{", "%!", // Python, Puppet, and Go's fmt that had too few values
	"{{", "}}", "{%", "%}", "{#", "#{", "@{", "~{", "[[", "]]", "((", "))", // Go, Helm, Jinja, Handlebars, Ruby, Concourse
	"<", ">", // <no value> <nil> <your-id> <%= x %>
	"`", // of a shell that did not run
	"[object object]",
}

// leftoverWords stand around the name of a variable.
var leftoverWords = [...]struct{ open, close string }{
	{"%", "%"}, {"%", ":"}, {"!", "!"}, // batch files: %X% %X:~0,8% !X!
	{"{", "}"},   // Python's format, URI templates
	{"@", "@"},   // configure, CMake, Ant
	{"__", "__"}, // installers
}

// leftoverScopes are where templates look values up, in what is left without the template's own signs.
var leftoverScopes = setOf("values var vars vault secret secrets input inputs output outputs param params parameters env ansible_facts")

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

// isSmallNumber reports whether v is a whole number below 2^32, in decimal or with 0x: ids of
// users, groups and processes, ports, counts. Longer ones are numbers of accounts and the like.
func isSmallNumber(v string) bool {
	v = strings.TrimLeft(v, "+-")
	whole, fraction, _ := strings.Cut(v, ".")
	if strings.Trim(fraction, "0") != "" || strings.HasPrefix(whole, "0b") || strings.Contains(whole, "_") {
		return false
	}
	base := 10
	if hex, ok := strings.CutPrefix(whole, "0x"); ok {
		whole, base = hex, 16
	}
	_, err := strconv.ParseUint(whole, base, 32)
	return err == nil
}

// isHostOfAll reports whether v is a name that an installer, an image or a documentation gives
// to hosts, with or without a local domain, or an address that all have.
func isHostOfAll(v string) bool {
	v = strings.TrimSuffix(v, ".")
	for _, domain := range [...]string{".localdomain", ".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa", ".example", ".example.com"} {
		v = strings.TrimSuffix(v, domain)
	}
	return hostsOfAll[v]
}

var hostsOfAll = setOf(`localhost localhost4 localhost6 ip6-localhost ip6-loopback localdomain local lan broadcasthost
	127.0.0.1 127.0.1.1 ::1 0.0.0.0 :: 255.255.255.255 10.0.2.15 10.0.0.1 10.96.0.1 172.17.0.1 172.17.0.2 192.168.0.1 192.168.1.1
	almalinux alpine amazonlinux arch archiso archlinux artix centos clearlinux coreos debian endeavouros fedora flatcar
	freebsd garuda gentoo kali linux linuxmint manjaro mint netbsd nixos openbsd opensuse oracle oraclelinux parrot photon pop-os
	raspberry raspberrypi raspbian redhat rhel rocky slackware sles solus suse tails ubuntu ubuntu-server void unix
	dietpi libreelec openwrt opnsense pfsense proxmox pve esxi xenserver truenas freenas unraid synology diskstation qnap
	docker docker-desktop kind kind-control-plane k3s k3d microk8s minikube kubernetes rancher-desktop podman lima colima multipass
	control-plane master worker node node1 node-1 host hostname server srv vm guest template golden image base vagrant virtualbox vmware qemu kvm packer
	cloud cloudimg instance desktop laptop pc workstation mypc my-pc computer mycomputer my-computer macbook macbook-pro macbook-air imac
	mac-mini notebook user-pc admin-pc win windows winserver router gateway firewall switch printer nas
	root admin administrator user nobody guest system service www-data daemon
	default kube-system kube-public cluster.local svc.cluster.local kubernetes.default.svc`)

// isNameOfValue reports whether v says what belongs in its place: the component's own label, or
// words with no digit such as your-cluster-id.
func isNameOfValue(label, v string) bool {
	if v == label {
		return true
	}
	if strings.ContainsAny(v, "0123456789") {
		return false
	}
	words := strings.FieldsFunc(v, func(r rune) bool { return r < 'a' || r > 'z' })
	if len(words) == 0 {
		return true // signs alone
	}
	for _, word := range words {
		if namesOfValues[word] {
			return true
		}
		if rest, ok := strings.CutPrefix(word, label); ok && namesOfValues[rest] {
			return true // clusteruid
		}
	}
	return false
}

var namesOfValues = setOf(`id ids uid uuid guid ident identifier value your my change changeme changeit replace replaceme insert
	enter fill dummy placeholder todo fixme tbd tba here undefined null nil unset nan`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
