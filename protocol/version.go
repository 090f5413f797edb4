package protocol

// Version is that of the programs; the Makefile sets it at link time.
var Version = "unknown"
