package atomicfile

// syncFolder does nothing: Windows does not flush a folder that is opened for
// reading, and NTFS keeps its names in a journal.
func syncFolder(string) error { return nil }
