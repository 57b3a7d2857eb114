package site

import "github.com/offlicense/offlicense/verify"

// Codes of what a state directory warns of, beside those of package verify.
const (
	BadList          verify.WarningCode = "bad-list"          // Value: the path of a revocation list that cannot be used
	OtherVendorsList verify.WarningCode = "other-vendors"     // Value: whose lists the program brings, none of them the vendor's
	NetworkDirectory verify.WarningCode = "network-directory" // Value: the kind of its file system
	ImageID          verify.WarningCode = "image-id"          // Value: the label of a component that seems to have come with the machine's image
	KeyReadable      verify.WarningCode = "key-readable"      // Value: the path of a machine key that other users can read
	ClockUnknown     verify.WarningCode = "clock-unknown"     // Value: the path of a record of the time that cannot be read
	NotRecorded      verify.WarningCode = "not-recorded"      // Value: the path of what could not be written
	ReadOnly         verify.WarningCode = "read-only"         // Value: the path of a directory that is not written, "" for none
	OlderLicense     verify.WarningCode = "older-license"     // Value: the variable that holds an older license than the directory
	NotOwner         verify.WarningCode = "not-owner"         // Value: the path of a directory that this user may not write to
)
