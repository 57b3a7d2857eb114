package page

import _ "embed"

// CameraScript is the script of a page that reads codes with a camera.
const CameraScript = "scan.js"

// Camera are the words of the template "camera": within a form that has a field "statement", it
// fills that with the codes that a console shows, and sends the form. It needs a script, and a
// page that came by https or from this machine; without these it is not there, or says so.
type Camera struct {
	Start, Stop string // on the button
	Aim         string // while it looks
	More        string // how many of how many codes it has read: both are #
	Other       string // it sees a code that is none of a statement
	Done        string // it sends
	Unable      string // there is no camera here, or it may not be used
}

// CameraInEnglish are the words for the staff.
var CameraInEnglish = Camera{
	Start: "Open the camera", Stop: "Close the camera",
	Aim:    "Hold the code before the camera, so that it fills most of the picture.",
	More:   "# of # codes are read: show the next one.",
	Other:  "This code is of no request and no release.",
	Done:   "All is read, and is being sent.",
	Unable: "No camera can be used here: take a photo, and choose it as a file.",
}

//go:embed camera.html
var camera string
