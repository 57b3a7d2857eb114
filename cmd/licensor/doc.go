// Licensor is the vendor's tool: it records what was sold, and signs a license for a
// request when the rules give one. This page walks one license and one revoked key through
// its rooms.
//
//	command/...        flags in, tables and JSON out; asks the person
//	internal/web       what "licensor serve" answers: the API, described by openapi.yaml
//	  staff            the desk, and customer the pages for customers
//	  page             what both have in common: frame, style, scripts
//	  picture          has a child process read what was uploaded, by internal/photo
//	  passkey          WebAuthn
//	internal/desk      users, links, tokens and the queue, in a store beside the ledger
//	internal/service   what staff can do, without a terminal
//	internal/ledger    the nouns and their canonical bytes
//	  book             the verbs: load facts, ask the rules, have signed, record
//	  rules            facts in; steps or a refusal out: no database, no clock
//	  store            all SQL
//	  audit            replays the log through the rules, and compares the tables
//	internal/photo     finds codes in photos
//	internal/sheet     pages to print
//	internal/letter    mails to customers, as texts and as .eml files
//	internal/catalogue products as TOML files, and two that are ready
//	internal/issuer    writes, signs and checks licenses and delegations
//	internal/home      keys and delegations on the workstation
//
// Imports run one way, which TestLayers asserts: command, web, service, book and audit, store,
// rules, ledger. store knows the facts of rules, to load them, and asks no rule. Whoever
// wants the answer to "may they?" looks in rules, and nowhere else.
//
// # licensor sign request.olq --out license.lic
//
//  1. command/issue reads the file. verify.OpenRequest takes it apart: from here on it is a
//     claim, with a comparison code, and its signature, if it has one, was good.
//  2. Service.Preview is Book.Preview: store.Tx.Facts loads what the request is about
//     (its invoice, what it got before, who has its machine key) and rules.Judge makes a
//     rules.Offer of it, or a *ledger.Refusal. Nothing is locked and nothing changes.
//  3. The command shows what was bought beside what is asked, and asks the person. If what
//     is asked is held to its place more weakly than was sold, it asks first whether to sell
//     that (Operation.Weaker). If the request has its license already, that one is written
//     again, and this is the end.
//  4. Service.Sign calls Book.Sign, which is Book.SignBatch for one request. What issues
//     licenses goes with it as a function, ledger.Issue: no room of the ledger has a key.
//  5. For the first license that is to be issued, Service.Signer loads the staff key from home,
//     or from ssh-agent, and refuses one that was revoked, or whose delegation has ended. The
//     passphrase is typed now, while nothing is locked.
//  6. SignBatch loads the facts again, and rules.Sign returns steps: each is an event to
//     record, and the last has a ledger.Grant, a license that nobody has signed yet. It also
//     remembers how many events there were.
//  7. Issuer.IssueAll turns grants into a ledger.Draft each: what the key's delegation does
//     not allow is refused, then claims, signature, and the judgement of the verifier that
//     the customer has. A draft may be thrown away.
//  8. store.Store.Write locks the ledger. If the log has grown since step 6, the facts are
//     loaded and the rules asked once more, under the lock, and only what comes out
//     differently is signed again. rules.CheckSigner refuses a key that was revoked meanwhile.
//  9. store.Writer.Append takes each event to the log and, by one function, to the tables.
//     The commit is durable: from here on a crash loses nothing.
//  10. The command writes license.lic, with the newest revocation list if that is short.
//
// Many requests go the same way, a thousand to a transaction: Facts takes few statements
// for all of them, and rules.Sign notes in the facts what each has taken from the next.
//
// # licensor revoke --key anna.old --why "laptop stolen"
//
//  1. command/revoke reads the file, or takes a fingerprint. Service.FindKeyIn (FindKey)
//     says what home and ledger know of the key, and refuses the last root. For a root,
//     Service.DelegationsBy finds what it has delegated in this home.
//  2. The command shows the key. Service.JudgeKey has audit.Judge replay the log through the
//     rules, on a snapshot: the licenses of the key that do not follow from the record are
//     shown, and not kept.
//  3. Service.Sold lists what was sold and which rules were lifted since the checkpoint of
//     --since: a thief may have obeyed the rules, and people know what they did. Then it
//     asks.
//  4. Book.RevokeKeyBut reads all other licenses of the key, on a snapshot, and keeps the
//     digest of each whose signature is really the key's. This takes long, and nobody waits
//     for it.
//  5. store.Store.Write locks the ledger; what was recorded since the judgement is not kept.
//     rules.RevokeKey refuses a key that was revoked before, and one that keeps more than
//     any list can say, and returns the event with all that is kept.
//  6. store.Writer.Record appends it. From here on rules.CheckSigner refuses the key on every
//     workstation, in step 8 above.
//  7. Servers hear of it from a list: "licensor revocations" has rules.NextList say all that
//     is revoked, issuer.SignList sign it, and Book.RecordList put it on record. Every
//     license that is signed later includes it.
//
// How keys are made, held and replaced by people is in KEYS.md.
package main
