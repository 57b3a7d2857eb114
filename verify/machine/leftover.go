package machine

import (
	"slices"
	"strconv"
	"strings"
	"time"
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
	v = strings.TrimRight(v, ",.;")
	switch {
	case isPlaceholder(v), holdsPlaceholder(v):
		return "none, or a placeholder such as 1, 0000 or 12345"
	case isLeftover(v), lacksPart(v), v != "" && v[0] == '%' && len(v) < 7: // %08x
		return isALeftover
	case isMessage(v):
		return "what a program printed instead of an id"
	case isSmallNumber(v), isVersion(v), isDate(v):
		return "a bare number, such as that of a user, a process or a version, or a date"
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
	"@microsoft.keyvault(", "enc[", "aws::", "xxxx",
	"d41d8cd98f00b204", "da39a3ee5e6b4b0d", "e3b0c44298fc1c14", // MD5, SHA-1 and SHA-256 of nothing
	"68b329da9893e340", "adc83b19e793491b", "01ba4719c80b6fe9", // and of an empty line
}

// lacksPart reports whether v is put together of parts of which the first or the last is
// missing: $ENV-$CLUSTER. Base64 that ends so is longer.
func lacksPart(v string) bool { return len(v) < 20 && len(strings.Trim(v, "-_:")) < len(v) }

// holdsPlaceholder reports whether an id within v, of a known form or at its end, is a placeholder.
func holdsPlaceholder(v string) bool {
	for i := range max(0, len(v)-35) {
		u := v[i : i+36]
		bare := strings.ReplaceAll(u, "-", "")
		if u[8] == '-' && u[13] == '-' && u[18] == '-' && u[23] == '-' && isUUID(bare) && isPlaceholder(min(bare, swapped(bare))) {
			return true
		}
	}
	last := strings.TrimPrefix(v[strings.LastIndexAny(v, "-_/:.= ")+1:], "0x")
	return len(last) >= 8 && (isOneCharacter(last) || isRun(last))
}

// leftoverSchemes come before the name of a secret that nobody fetched.
const leftoverSchemes = "op vault secret secrets secretref env file ssm awsssm awssm awssecret azkv azurekv gcpsm gcpsecret kms keyvault keyring sops"

// isMessage reports whether v is a sentence that a program printed because it found no value.
func isMessage(v string) bool {
	return strings.Contains(v, " ") && containsAny(v, []string{
		"not found", "not defined", "no such ", "cannot ", "can't ", "could not ", "couldn't ", "denied", "refused", "error", "failed",
		"invalid ", "usage:", "exception", "timed out", "timeout", "unable to ", "resource id #", "known after", "{\"",
		"forbidden", "unauthorized",
	}) || strings.HasPrefix(v, "{\"") || strings.HasPrefix(v, "uid=") || isCommand(v)
}

// isCommand reports whether v is a command that nobody ran.
func isCommand(v string) bool {
	name, _, more := strings.Cut(v, " ")
	return more && hasWord("cat echo printf kubectl oc helm get hostname uname uuidgen blkid lsblk findmnt dmidecode wmic powershell curl aws gcloud az docker sh bash", name)
}

// isPath reports whether v is where a program would read an id, and not an id. Only what names
// the medium is one: /dev/disk/by-id/....
func isPath(v string) bool {
	if _, rest, found := strings.Cut(v, "://"); found {
		v = rest
	}
	for dir := range strings.FieldsSeq("/etc/ /run/ /var/ /proc/ /sys/ /tmp/ /home/ /root/ /opt/ /usr/ /dev/ /mnt/ /media/ /srv/ /app/ /data/ /boot/ /snap/ ./ ../ ~/") {
		if strings.HasPrefix(v+"/", dir) {
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
	if len(v) > 1 && v[0] == '0' && (v[1] < '0' || v[1] > '9') { // 0x3e8 0o17 0b1 0.5
		if _, err := strconv.ParseUint(v, 0, 64); err == nil {
			_, err = strconv.ParseUint(v, 0, 32)
			return err == nil
		}
	}
	if v == "" || v[0] < '0' || v[0] > '9' || strings.Contains(v, "_") && strings.Trim(v, "0123456789_") != "" {
		return false
	}
	if strings.Count(v, ".") < 2 && strings.Trim(v, "0123456789,_ '/:.-") == "" {
		v = strings.NewReplacer(",", "", "_", "", " ", "", "'", "", "/", "", ":", "", "-", "").Replace(v)
	}
	n, err := strconv.ParseFloat(strings.Replace(v, ",", ".", 1), 64)
	return err == nil && (n <= 1<<32 || strings.Contains(v, "e+"))
}

// isVersion reports whether v is one: 1.0.0, v1.29.
func isVersion(v string) bool {
	number := strings.TrimPrefix(v, "v")
	dots := strings.Count(number, ".")
	return number != "" && (dots == 1 || dots == 2) && strings.Trim(number, "0123456789.") == ""
}

// isDate reports whether v is a date or a time as programs print them, such as that of a
// deployment. Plain numbers are left to isSmallNumber, but for one with year, day and time.
func isDate(v string) bool {
	v = strings.ToUpper(v)
	for _, layout := range [...]string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.DateTime, "2006-01-02 15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700",
		"20060102T150405Z", "20060102T150405", "20060102-150405", "2.1.2006", "2-Jan-2006", "2 Jan 2006", "Jan 2 2006", "Jan 2, 2006",
		time.UnixDate, time.ANSIC, time.RFC1123, time.RFC1123Z, "Mon Jan _2 03:04:05 PM MST 2006", "Mon _2 Jan 15:04:05 MST 2006",
	} {
		if _, err := time.Parse(layout, v); err == nil {
			return true
		}
	}
	_, err := time.Parse("20060102150405", v)
	return err == nil && strings.HasPrefix(v, "20")
}

// isHostOfAll reports whether v is a name that an installer, an image or a documentation gives
// to hosts, with or without a local domain, or an address that all have; perhaps with a scheme and
// a port, or the first number of its kind: node1, vm-01, debian12.
func isHostOfAll(v string) bool {
	if _, host, found := strings.Cut(v, "://"); found {
		host, _, _ = strings.Cut(host, "/")
		v = host
	}
	if host, bits, found := strings.Cut(v, "/"); found && bits != "" && strings.Trim(bits, "0123456789") == "" {
		v = host
	}
	if end := strings.IndexByte(v, ']'); end > 0 && v[0] == '[' {
		v = v[1:end]
	}
	if host, port, found := strings.Cut(v, ":"); found && port != "" && strings.Trim(port, "0123456789") == "" {
		v = host
	}
	for _, net := range [...]string{
		"127.", "::ffff:127.", "169.254.", "fe80:", "0242ac11", "02:42:ac:11:", "ip-10-0-0-", "ip-172-31-",
		"172.17.", "172.18.", "192.168.65.", "192.168.122.", "192.168.49.", "10.0.2.", "10.42.", "10.43.", "10.88.", "10.96.", "10.244.", // of Docker, libvirt, minikube, VirtualBox, k3s, Podman, Kubernetes, flannel
	} {
		if strings.HasPrefix(v, net) {
			return true
		}
	}
	v = strings.TrimSuffix(v, ".")
	for _, domain := range [...]string{".docker.internal", ".localdomain", ".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa", ".example", ".example.com"} {
		v = strings.TrimSuffix(v, domain)
	}
	if hasWord(hostsOfAll, v) || hasWord(devices, strings.TrimRight(v, "0123456789")) || hasWord(systems, v) {
		return true
	}
	if ofSystem(v) {
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
	workgroup mshome buildkitsandbox runner jenkins gitlab postgres postgresql mysql mariadb mongo mongodb redis rabbitmq nginx apache
	backend frontend api disk drive volume vol pv pvc data rootfs ext4 xfs btrfs overlay tmpfs
	amd64 x86_64 x86-64 arm64 aarch64 armv7l i386 i686 linux/amd64 linux/arm64 gnu/linux genuineintel authenticamd
	latest stable head release-name chart-name example.com www.example.com example.org
	default kube-system kube-public cluster.local svc.cluster.local kubernetes.default kubernetes.default.svc localhost.localdomain6`

// systems give their names to hosts, often with a version.
const systems = `almalinux alpine amazonlinux arch archiso archlinux artix centos clearlinux coreos debian endeavouros fedora flatcar
	freebsd garuda gentoo kali linux linuxmint manjaro mint netbsd nixos openbsd opensuse oracle oraclelinux parrot photon pop-os
	raspberry raspberrypi raspbian redhat rhel rocky slackware sles solus suse tails ubuntu ubuntu-server void unix
	dietpi libreelec openwrt opnsense pfsense proxmox pve esxi xenserver truenas freenas unraid synology diskstation qnap`

// ofSystem reports whether v is the name of a system with its release: debian12, ubuntu-jammy.
func ofSystem(v string) bool {
	named := false
	for word := range strings.FieldsFuncSeq(v, func(r rune) bool { return strings.ContainsRune("0123456789.-_ ", r) }) {
		system := hasWord(systems, word)
		if named = named || system; !system && !hasWord(ofSystems, word) {
			return false
		}
	}
	return named || hasWord(ofSystems, v)
}

// ofSystems are the names of their releases, and what stands beside them: ubuntu-jammy, debian-12-cloud.
const ofSystems = `stretch buster bullseye bookworm trixie forky xenial bionic focal jammy noble stream leap tumbleweed server cloud minimal core generic lts amd arm x`

// devices are names that a kernel gives, before a number.
const devices = `sda sdb sdc vda vdb xvda xvdb hda nvme0n nvme0n1p mmcblk mmcblk0p dm- md loop sr eth ens eno enp0s enp1s wlan veth bond lo`

// isNameOfValue reports whether v says what belongs in its place: the component's own label, or
// words with no digit such as your-cluster-id.
func isNameOfValue(label, v string) bool {
	if strings.Trim(v, templateSigns+"-_") == label || len(label) > 2 && strings.TrimRight(v, "01-_") == label {
		return true // cluster: cluster-1
	}
	for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return strings.ContainsRune("-_/.:,+| ", r) }) {
		if hasWord("undefined null nil none nan unset", part) {
			return true // of several parts one was not set
		}
	}
	if first := strings.TrimRight(strings.TrimRight(v, "01"), "-_"); len(first) > 2 {
		v = first // replace-me-1
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
		if hasWord(namesOfValues, word) || ok && hasWord(namesOfValues, rest) || strings.HasPrefix(word, "your") { // clusteruid
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
