// Package keyfile keeps private keys in files, in OpenSSH's format.
//
// A key file is trusted because only its owner can read and write it: [Read] refuses
// one that others can read. What stands in it is checked nevertheless, because files get
// mixed up, cut short and edited: a key is returned only when the public key that the
// file shows is the one that its private part makes.
//
// The format is the one that ssh-keygen writes, "-----BEGIN OPENSSH PRIVATE KEY-----",
// so that ssh-keygen -p changes a passphrase, ssh-keygen -y shows the public key, and
// ssh-add hands the key to an agent. Of its ciphers, AES-256 in CTR or CBC mode is read.
//
// No error of this package shows anything of a file but a key's type, a cipher's name
// and sizes. Passphrases and plain keys are overwritten after use as far as our own
// buffers go; the copies that crypto libraries make are left to the garbage collector.
package keyfile
