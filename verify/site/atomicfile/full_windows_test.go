package atomicfile

func limitedChild(string) {}
