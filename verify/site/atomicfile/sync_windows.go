package atomicfile

// SyncFolder does nothing: Windows does not flush a folder that is opened for
// reading, and NTFS keeps its names in a journal.
func SyncFolder(string) error { return nil }
