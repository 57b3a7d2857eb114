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
		"printf":       {"%s", "%i", "%H", "%1", "%~1", "%%i", "{0}", "%1$s"},
		"in signs":     {"{ cluster }", "[cluster]", "[% cluster %]", "(cluster)", "\"default\"", "'unknown'", "\"1000\"", "#CLUSTER#", "##X##", "~X~", "|X|", "*|X|*", ":x", "@x", "&x", "=x", "#N/A", "#NAME?", "[REDACTED]", "\"localhost\""},
		"reference":    {"@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)", "op://vault/item/field", "vault:secret/data/evoq#cluster", "ref+vault://evoq#c", "file:///x", "ENC[AES256_GCM,data:x]", "AWS::StackName", "metadata.name", "status.hostIP", ".Values.global.cluster", "process.env.X", "os.environ[\"X\"]", "lookup('env', 'X')", "local.cluster", "%env(X)%"},
		"printed":      {"map[name:x]", "&{x 12}", "0xc000123456", "System.String[]", "System.Collections.Hashtable", "java.lang.String@1b6d3586", "Array", "bash: kubectl: command not found", "Error from server (NotFound): namespaces", "cat: /etc/x: No such file or directory", "404 page not found", "{\"error\":1}", "(known after apply)", "VARIABLE IS NOT DEFINED!", "uid=1000(anna) gid=1000"},
		"path":         {"/etc/evoq/cluster", "/run/secrets/c", "/dev/sda1", "/dev/disk/by-label/root", "C:\\ProgramData\\evoq\\c.txt", "./cluster", "~/cluster"},
		"number":       {"1,000", "1 000", "1_000", "1000:1000", "12:30", "2026-11-28", "1e3", "4294967296", "#1000", "1.23457E+14"},
		"label":        {"cluster:", "cluster=", "cluster name", "cluster-name", "clustername", "the-cluster", "mycluster", "cluster1", "cluster-01", "default-cluster", "test cluster"},
		"first host":   {"node0", "node-01", "worker-1", "vm1", "server01", "web-1", "debian12", "ubuntu-2204", "rhel9", "localhost:8080", "http://localhost/", "tcp://10.96.0.1:443", "https://kubernetes.default.svc", "127.0.0.53", "fe80::1", "169.254.169.254", "02:42:ac:11:00:02", "ip-10-0-0-1.ec2.internal"},
		"every host":   {"localhost", "localhost.localdomain", "LOCALHOST", "ubuntu", "debian", "raspberrypi", "raspberrypi.local", "ip6-localhost", "127.0.0.1", "::1", "docker-desktop", "minikube", "node1", "ubuntu.localdomain", "master", "default", "kube-system", "kind-control-plane", "DESKTOP", "vagrant", "10.0.2.15", "host.example"},
		"filled in":    {"REPLACE-ME-1", "my-cluster-1", "test-cluster-1", "yourclusterid", "not-set", "(not set)", "None.", "None,", "n.a", "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx", "vol-xxxxxxxx", "pending", "RELEASE-NAME"},
		"part missing": {"prod-", "-prod", "prod--", "None-None", "prod-None", "site-undefined-2", "eu/null/7"},
		"format":       {"%-10s", "%+v", "%08x"},
		"zeros in it":  {"urn:uuid:00000000-0000-0000-0000-000000000000", "UUID=00000000-0000-0000-0000-000000000000", "pvc-00000000-0000-0000-0000-000000000000", "wwn-0x0000000000000000", "eui.0000000000000000", "/subscriptions/00000000-0000-0000-0000-000000000000/x"},
		"documented":   {"vol-0123456789abcdef0", "i-1234567890abcdef0", "fs-12345678", "0123456789abcdef", "abcdefgh"},
		"of nothing":   {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "d41d8cd98f00b204e9800998ecf8427e"},
		"time":         {"2026-11-28T12:00:00Z", "2026-11-28 12:00", "20261128T120000Z", "20261128120000", "Sat Nov 28 12:00:00 UTC 2026", "28.11.2026", "28-Nov-2026"},
		"version":      {"1.0.0", "v1.29.3"},
		"hardware":     {"sda1", "nvme0n1", "dm-0", "eth0", "amd64", "linux/amd64", "VBOX HARDDISK", "GenuineIntel"},
		"mount":        {"/data", "/mnt/data", "/srv", "unix:///var/run/docker.sock"},
		"command":      {"cat /etc/machine-id", "kubectl get ns", "403 Forbidden"},
		"network":      {"172.17.0.3", "192.168.122.1", "10.244.0.1", "[::1]:8080", "0.0.0.0/0", "host.docker.internal", "https://kubernetes.docker.internal:6443", "ubuntu-jammy", "debian-bookworm", "52:54:00:12:34:56"},
		"other number": {"1,23457E+14", "0o17", "0b1"},
		"shared UUID":  {"12345678-1234-1234-1234-123456789abc", "550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-fffffffffffe", "01020304-0506-0708-090a-0b0c0d0e0f10", "fedcba98-7654-3210-fedc-ba9876543210", "11111111-1111-4111-8111-111111111111", "0f0e0d0c-0b0a-0908-0706-050403020100"},
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
		"/dev/disk/by-id/wwn-0x5000c500a1b2c3d4", "prod", "node7", "10.4.5.6", "2001:db8::7", "1.3.6.1.4.1.4711", "a1b2c3d", "98765432101", "hr-db", "invalid-7", "urn:uuid:0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11",
		"/rack 4/slot-b", "local-7", "testlab", "cluster7", "eu.prod.acme.org", "metadata.acme.org", "main-frankfurt", "CN=evoq,O=Acme", "4711-0815-2026-17",
		"i-0abcd1234ef567890", "ocid1.instance.oc1.phx.abyhqljtx7vmlk3", "projects/123/instances/456", "4567890123456789012", "S-1-5-21-3623811015-3361044348-30300820-1013",
		"db1.prod.acme.com.", "V1StGXR8_Z5jdHi6B-myT", "J3kf9-_aQx8ZbE1rT0wLm_", "pvc-3f2b8c1d-4e5f-4a6b-9c7d-8e9f0a1b2c3d", "0x5000000000000001", "naa.600508b1001c3ab0000000000000abcd",
		"ubuntu-host-muc3", "2026-muc-4711", "ASSET-000123", "core-4f1e", "c-0000000042", "zone-b-rack-3", "data-center-muc-2", "get-4711", "eth-zurich", "not-hill-farm-2",
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
		"b08dfa6083e7567a1921a715000001fb", "d41d8cd98f00b204e9800998ecf8427e",
		"baadf00d-baad-f00d-baad-f00dbaadf00d", "ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB",
		"55555555-AAAA-5555-AAAA-555555555555", "FFFFFFFF-FFFF-FFFF-FFFF-000000000000", "12345678-1234-1234-1234-1234567890AB",
		"99887766-5544-3322-1100-FFEEDDCCBBAA", "66778899-4455-2233-1100-FFEEDDCCBBAA", "AABBCCDD-EEFF-0011-2233-445566778899",
		"31323334-3536-3738-3930-313233343536", "546F2062-6520-6669-6C6C-656420627920", "44656661-756C-7420-7374-72696E670000",
		"4C4C4544-0020-2010-8020-A0C04F202020",
	} {
		if r := uuidReading(v, "x"); r.status != Placeholder {
			t.Errorf("%s: got %s, want a placeholder", v, r.status)
		}
	}
	for _, v := range []string{ // of which makers fill a part with what is the board's own
		"00000000-0000-0000-0000-525400123456", "00000000-0000-1000-8000-AC1F6B123456", "49434D53-0200-9033-2500-3390250011D5",
		"032E02B4-0499-0577-8E06-3D0700080009", "4C4C4544-0042-3510-8052-B3C04F4B4E32", "564D2B7C-9F01-0B3E-5C88-AA0D1F2E3B4C",
	} {
		if r := uuidReading(v, "x"); r.status != Present {
			t.Errorf("%s: got %s, want an id", v, r.status)
		}
	}
}
