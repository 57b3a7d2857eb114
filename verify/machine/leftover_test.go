package machine

import "testing"

// TestNoIdentity: what is refused as an operator's value, as kinds. Each is a value that the
// operators of many sites give without meaning to.
func TestNoIdentity(t *testing.T) {
	for kind, values := range map[string][]string{
		"shell":        {"$UID", "${UID}", "$(uname -n)", "${CLUSTER_UID:-}", "${CLUSTER_UID:?not set}", "$$", "$1", "a-$X", "$env:COMPUTERNAME", "`hostname`", "prod-${ENV}-1"},
		"compose":      {"${CLUSTER}", "${CLUSTER-default}", "$$CLUSTER"},
		"kubernetes":   {"$(CLUSTER_UID)", "$(POD_UID)", "prod/$(NODE_NAME)"},
		"helm":         {"{{ .Values.cluster.uid }}", "{{.Release.Name}}", "<no value>", ".Values.clusterUID", "values.cluster"},
		"go":           {"<nil>", "%!s(<nil>)", "%!d(string=x)", "map[]{{", "{{", "%!v(PANIC=x)"},
		"jinja":        {"{{ cluster_uid }}", "{% if x %}", "{# x #}", "{{ ansible_machine_id | default('') }}", "undefined"},
		"terraform":    {"${var.cluster_id}", "var.cluster_id", "%{ if x }"},
		"batch":        {"%COMPUTERNAME%", "%USERDOMAIN%-1", "%X:~0,8%", "!COMPUTERNAME!"},
		"other":        {"@CLUSTER_UID@", "__CLUSTER_UID__", "#{ClusterUid}", "((cluster-uid))", "[[ .Cluster ]]", "{cluster_uid}", "<cluster-uid>", "<%= uid %>", "@{cluster}", "!Ref Cluster", "[object Object]", "%(uid)s", "%{hiera}"},
		"unset":        {"", "null", "NULL", "nil", "None", "undefined", "unset", "NaN", "n/a", "N/A", "-", "\"\"", "''", "--", "(null)"},
		"words":        {"changeme", "CHANGE_ME", "TODO", "tbd", "your-cluster-id", "cluster", "cluster-uid", "CLUSTER_UID", "clusteruid", "put-id-here", "placeholder", "example", "my-value", "true", "foo"},
		"small number": {"0", "1", "42", "1000", "65534", "-1", "1000680000", "4294967295", "1000.0", "0x3e8", "00012"},
		"every host":   {"localhost", "localhost.localdomain", "LOCALHOST", "ubuntu", "debian", "raspberrypi", "raspberrypi.local", "ip6-localhost", "127.0.0.1", "::1", "docker-desktop", "minikube", "node1", "ubuntu.localdomain", "master", "default", "kube-system", "kind-control-plane", "DESKTOP", "vagrant", "10.0.2.15", "host.example"},
		"shared UUID":  {"12345678-1234-1234-1234-123456789abc", "550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-fffffffffffe"},
	} {
		for _, v := range values {
			if got := noIdentity("cluster", normalize(v)); got == "" {
				t.Errorf("%s: %q is taken for an id", kind, v)
			}
		}
	}
	for _, v := range []string{
		"0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11", "{0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11}",
		`\\?\Volume{ab5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11}\`, `\\filer\vol1$`, `\\filer\vol1$\data`,
		"arn:aws:eks:eu-west-1:123456789012:cluster/prod", "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d",
		"/subscriptions/0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11/resourceGroups/rg (prod)/providers/x",
		"projects/acme/zones/europe-west3-a/disks/db-1", "iqn.2001-04.com.example:storage.disk1", "naa.600508b1001c3ab0", "0x5000c500a1b2c3d4",
		"wwn-0x5000c500a1b2c3d4", "472913850264", "fs-0a1b2c3d", "db-7.site.example", "prod-frankfurt", "site7", "rack-4", "server-12", "web1.acme.org", "srv-eu-0007-a",
		"c1", "abc123", "a%2Fb%2Fc", "50%", "ops@site.example", "q+z/9A==", "serial-4711", "vm-1042", "secret7", "x86-lab", "SCSI\\DISK&VEN_X", "tenant_prod__eu", "ubuntu-7f3a",
		"env.acme.org", "pool-4/lun-7", "prod-eu/west 1", "first-server", "2c:cf:67:12:34:56",
	} {
		if got := noIdentity("cluster", normalize(v)); got != "" {
			t.Errorf("%q: got %s, want an id", v, got)
		}
	}
}

// TestSharedBoards: what makers ship on many boards is no id of one, in either byte order.
func TestSharedBoards(t *testing.T) {
	for _, v := range []string{
		"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009",
		"4C4C4544-0000-2010-8020-80C04F202020", "44454C4C-0000-1020-8020-80C04F202020",
		"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "20202020-2020-2020-2020-202020202020",
		"12345678-1234-5678-90AB-CDDEEFAABBCC", "78563412-3412-7856-90AB-CDDEEFAABBCC",
		"8E275844-178F-44A8-ACEB-A7D7E5178C63", "4458278E-8F17-A844-ACEB-A7D7E5178C63",
		"00010203-0405-0607-0809-0A0B0C0D0E0F", "03020100-0504-0706-0809-0A0B0C0D0E0F",
		"00000000-0000-0000-0000-000000000001", "01000000-0000-0000-0000-000000000000",
		"b08dfa6083e7567a1921a715000001fb",
	} {
		if r := uuidReading(v, "x"); r.status != Placeholder {
			t.Errorf("%s: got %s, want a placeholder", v, r.status)
		}
	}
}
