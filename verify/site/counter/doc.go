// Package counter counts the users of a product at the same time, under the limit of its license: in
// one process, or in all processes of a machine that name one directory.
//
// # Leases
//
// Who begins to work takes a lease ([Counter.Acquire]), and gives it back at the end
// ([Lease.Release]). A process renews all of its leases each minute ([Counter.Keep]). Those that
// were not renewed for three minutes are dead, and their places are free: so a process that
// was killed holds nothing for long, and one that lost its leases, because it was stopped for
// that long, takes them again if there is still room, and is told if there is not. The limit is
// given each time, so that of a renewed license counts at once. Where it falls below what is in use, nobody is
// thrown out, and nobody gets in.
//
// # The directory
//
// Leases lie in one file, users, in a directory of their own. It is NOT the state directory,
// which only its owner may write. The product fixes its path and its installer makes it,
// so that all processes of the product may write to it, and nobody else: on Linux
// /run/evoq/users with the mode 2770 and the group that they share, or 0700 for one user. A directory
// that users choose is a limit that users choose. It should be on a local disk or in
// memory: no lease needs to survive the machine.
//
// # Trust
//
// Whoever may write to the directory can lower the count for a moment, and can fill it. What
// anybody writes there is healed: a file that is no record of leases, or is damaged, is written anew, and
// until every process that lives has told what it holds, three minutes later, nobody gets in. A lease from
// the future is one of now. A lease that was struck out is taken again by its holder within a minute, as long
// as there is room, so the count returns to what is in use, and is never more than the limit. Whoever removes
// the file is told from the first start by nobody: for at most a minute, more may get in.
// Nothing is read or written through a link, or of what is no regular file.
//
// # Waiting
//
// The file is read and written under a lock that no process holds for longer than that. Whoever
// cannot get it for two seconds is told [ErrBusy]. On a network file system a call may hang as long as its server.
package counter
