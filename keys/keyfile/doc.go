// Package keyfile keeps private keys in files, in OpenSSH's format, and signs with those
// that a running ssh-agent keeps. Only the vendor's tool imports it.
//
// # Files
//
// A key file is trusted because only its owner can read and write it: [Read] and
// [ReadPKCS8] refuse one that others can read, execute or write, by the mode of the file
// itself, also when the path is a link to it and when root asks. An access list (POSIX) of
// the file shows in its mode as permissions of the group, so it is refused too, and the
// chmod of the hint takes it out of force; those of NFSv4, macOS and Windows do not show,
// and are not seen.
//
// The directory is not checked. Whoever can write there can take the file away or put another
// in its place, but does not come to read the key. So a caller compares the key that it
// gets with the one that it expects, such as the one that a delegation names, before it
// believes that this is the key of that name.
//
// The content of a file is checked nevertheless, because files get mixed up, cut short
// and edited: a key is returned only when the public key that the file shows is the one
// that its private part makes.
//
// The format is the one that ssh-keygen writes, "-----BEGIN OPENSSH PRIVATE KEY-----",
// so that ssh-keygen -p changes a passphrase, ssh-keygen -y shows the public key, and
// ssh-add hands the key to an agent. Of its ciphers, AES-256 in CTR or CBC mode is read.
// [ParsePKCS8] reads the keys of openssl, "-----BEGIN PRIVATE KEY-----", to import them.
//
// # Agents
//
// An [Agent] is not trusted. It holds the key, so it can sign whatever it likes with it,
// with or without us; a socket that is forwarded or in a directory of somebody else may
// lead to another program than the user believes. What that program can do at worst:
//
//   - read what is signed, such as a customer's name;
//   - not sign, or let the caller wait: 30 seconds for a list, five minutes for a signature;
//   - list keys that it does not hold, with any comment, so that a name that is a comment
//     leads to another key. A fingerprint leads to that key alone, and callers compare
//     the public key with the one that they expect, as for files.
//
// What it cannot do is have a signature accepted that the chosen key did not make of
// that very message, for every one is verified before it is returned; and make us crash
// or use memory without bound: an answer of more than 256 KiB is refused, and after one
// that makes no sense the agent is not asked again.
//
// # Secrets in memory
//
// No error of this package shows anything of a file but a key's type, a cipher's name
// and sizes. Our own buffers are overwritten after use: the text of a file, what was
// decoded from it, seeds, and each passphrase that the caller's function returned.
//
// What cannot be promised: crypto libraries and the PEM decoder make copies that wait for
// the garbage collector; a [keys.PrivateKey] stays in memory as long as something refers
// to it, in a short-lived tool until its end; and nothing keeps the system from writing
// memory into swap space, a hibernation image or a core dump. A key that must not come
// into our memory at all belongs into an agent.
package keyfile
