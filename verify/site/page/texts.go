package page

import (
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Says is what is the matter, and what to do about it.
type Says struct{ What, Next string }

// Texts are all words of the page, for a product that speaks another language. What is empty, and what a
// map does not have, is that of [English]. Words in braces are replaced.
type Texts struct {
	Lang string // of the document, such as "de"
	Dir  string // "rtl" for a language that is written so

	Day  func(time.Time) string // a date with its zone: "2027-11-21 UTC"
	Time func(time.Time) string // a time with its zone

	Title, Back, Skip, WhatNext string

	// The table.
	State, Active, InGrace, Type, Invoice, Customer, Edition, Site, ValidFrom, Expires, UpdatesUntil string
	Margin, Limits, Features, Activation, Code, RevocationList, Renewal, Never, LimitFree, Checked   string
	DaysLeft, MarginIs, LimitIs, LimitUsed, ListIs, Warnings                                         string
	Earlier, EarlierState, EarlierSame, EarlierOther, FromVariable, NoLicense                        string
	Remove                                                                                           string

	// Add License.
	Add, Email, EmailHint, InvoiceHint, Way, Automatic, AutomaticHint, Manual, ManualHint, KeyOnly, KeyOnlyHint, Submit string

	// What is under way.
	Pending, PendingIs, PendingChanged, Send, ByHand, PutAway, Answered, Number             string
	Release, ReleaseIs, ReleaseByHand, Deliver, NotDelivered, Delivered                     string
	Install, InstallHint, InstallFile, InstallText, InstallSubmit                           string
	StatementHint, ReleaseHint, Download, Text, Picture, Part, CompareCode                  string
	RemoveTitle, RemoveHint, RemoveSubmit, RemoveEarlierHint, RemoveOtherHint, RemoveCancel string
	ClockAhead, ClockBehind, RenewalFailed, RenewalDone, RemoveFileHint, Later, AskVendor   string

	Types     map[string]string             // of licenses
	Done      map[string]string             // what was done
	Reasons   map[verify.Reason]Says        // where Next is empty, the judgement's own advice is shown, in English
	Warn      map[verify.WarningCode]string // {date}, {days}, {value}, {count}, {of}; missing: in English
	Faults    map[FaultCode]Says
	Undecided Says // it is not known whether the license is revoked
}

// complete fills in what is empty.
func (t Texts) complete() Texts {
	english := English()
	from, to := reflect.ValueOf(english), reflect.ValueOf(&t).Elem()
	for i := range to.NumField() {
		if to.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	t.Types = over(english.Types, t.Types)
	t.Done = over(english.Done, t.Done)
	t.Reasons = over(english.Reasons, t.Reasons)
	t.Faults = over(english.Faults, t.Faults)
	t.Warn = over(english.Warn, t.Warn)
	return t
}

// over returns a map with what another one has in place of its own.
func over[K comparable, V any](base, other map[K]V) map[K]V {
	all := maps.Clone(base)
	maps.Copy(all, other)
	return all
}

// put fills placeholders.
func put(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

// typeOf returns the word for a license type.
func (t *Texts) typeOf(name string) string {
	if word := t.Types[name]; word != "" {
		return word
	}
	return name
}

// What the templates ask for.

// AnsweredOn says when the service has answered.
func (t *Texts) AnsweredOn(time string) string { return put(t.Answered, "{time}", time) }

// NumberIs says which number a request has.
func (t *Texts) NumberIs(number string) string { return put(t.Number, "{number}", number) }

// AutomaticIs says who is asked.
func (t *Texts) AutomaticIs(host string) string { return put(t.AutomaticHint, "{host}", host) }

// English returns the texts of the page.
func English() Texts {
	return Texts{
		Lang: "en", Dir: "ltr",
		Day:  func(t time.Time) string { return t.UTC().Format(time.DateOnly) + " UTC" },
		Time: func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" },

		Title: "License", Back: "Back to the license", Skip: "Skip to the content", WhatNext: "What to do:",

		State: "State", Active: "Active", InGrace: "Active, in its grace days", Type: "Type", Invoice: "Invoice", Customer: "Customer", Edition: "Edition", Site: "Site",
		ValidFrom: "Valid from", Expires: "Expires", UpdatesUntil: "Updates until", Margin: "Machine", Limits: "Limits", Features: "Features",
		Activation: "Activation", Code: "Code", RevocationList: "Revocation list", Renewal: "Automatic renewal", Never: "never", LimitFree: "{name}: {used} in use, not limited", Checked: "Checked",
		DaysLeft: "{days} days left", MarginIs: "{matching} of {named} components match, {needed} needed", LimitIs: "{name}: {most}", LimitUsed: "{name}: {used} of {most} in use",
		ListIs: "{number} of {date}", Warnings: "Warnings",
		Earlier: "Earlier license", EarlierState: "Replaced", EarlierSame: "The license above has taken its place. To remove it does not touch the activation.",
		EarlierOther: "The license above has taken its place, but is of another activation: the seat of this one is taken until you remove it.",
		FromVariable: "The license is given to the program by the variable " + "OFFLICENSE_LICENSE" + " of its environment; change it there.",
		NoLicense:    "No license", Remove: "Remove",

		Add: "Add license", Email: "Account e-mail", EmailHint: "The address to which the vendor has sent the purchase mail.",
		InvoiceHint: "The number in the purchase mail, such as INV0042-1.", Way: "Activation",
		Automatic: "Automatic", AutomaticHint: "This server asks {host} and installs the license.",
		Manual: "Manual", ManualHint: "You carry a file, a text or a code to the vendor, and the license back.",
		KeyOnly: "Bind the license to the key of this installation alone", KeyOnlyHint: "Nothing identifies this machine. The vendor decides whether to sign such a request.",
		Submit: "Add license",

		Pending: "Request", PendingIs: "Asked for {type}, invoice {invoice}, on {time}.", PendingChanged: "This machine has changed since an earlier request: it asks for a change of machine.", Send: "Ask the service", ByHand: "File, text and code",
		PutAway: "Put away", Answered: "The service has answered on {time}:", Number: "The number of the request is {number}.",
		Release: "Release", ReleaseIs: "The license was given up here on {time}.", ReleaseByHand: "File, text and code", Deliver: "Send it to the service",
		NotDelivered: "The vendor does not know yet: until they have recorded the release, the seat stays taken.", Delivered: "The vendor has recorded it.",
		Install: "Install what the vendor sent", InstallHint: "A license file, a short license, or a revocation list: as a file, or its text. Lines that were read out on the phone will do, too.",
		InstallFile: "File", InstallText: "Text", InstallSubmit: "Install",
		StatementHint: "Send it to the vendor in one of three ways: as a file, as text, or let them scan the code. Compare its code with them on the phone. Then install what comes back.",
		ReleaseHint:   "Send it to the vendor in one of three ways: as a file, as text, or let them scan the code. Until they have recorded it, the seat stays taken.",
		Download:      "Download the file", Text: "Text", Picture: "QR code of {code}", Part: "Part {n} of {of}", CompareCode: "Comparison code",
		RemoveTitle: "Remove license", RemoveHint: "The license is given up for good: it stops here at once and cannot be installed here again. Its seat is free once the vendor has recorded the release.",
		RemoveSubmit: "Remove for good", RemoveEarlierHint: "The license was replaced, and its activation goes on with the one that took its place. Nothing but this entry is removed.",
		RemoveFileHint:  "No release can be made of this license: it stops here at once, and is removed from this server alone. If it has a seat, only the vendor can free it.",
		RemoveOtherHint: "The license was replaced by one of another activation. Its seat is given up for good; the other license goes on.", RemoveCancel: "Keep it",
		ClockAhead:    "This machine's clock is {by} ahead of the service's. Set it: a license may begin to end too soon, or not be accepted.",
		ClockBehind:   "This machine's clock is {by} behind the service's. Set it: a license that was just signed is not accepted.",
		RenewalFailed: "Tried on {time}: {what}", RenewalDone: "Asked on {time}.", Later: "Press again in a minute.", AskVendor: "Ask the vendor.",

		Types: map[string]string{
			"production": "Production", "staging": "Staging", "test": "Test", format.TypeDevelopment: "Development", format.TypeFailover: "Failover",
			"nfr": "Not for resale", "community": "Community", "evaluation": "Evaluation",
		},
		Done: map[string]string{
			"added": "The license is installed.", "renewed": "The license on record is the one that is installed.", "list": "The revocation list is installed.",
			"waits": "The request waits for the vendor.", "removed": "The license is removed.", "removed-earlier": "The earlier license is removed.",
			"delivered": "The service has the release.", "hidden": "Put away.",
		},
		Reasons:   englishReasons,
		Undecided: Says{"Not known whether it is revoked", "Ask the vendor for the newest revocation list, and install it here."},
		Faults:    englishFaults,
		Warn: map[verify.WarningCode]string{ // where the text names a command
			verify.NoMargin: "{count} components of this machine match, {of} are needed; changed or not readable: {value}. One more change and the license stops: add the license again here, with the same invoice.",
		},
	}
}

var englishReasons = map[verify.Reason]Says{
	verify.NoLicense:       {"No license", "Add a license: you need the invoice number and the e-mail address of the purchase mail."},
	verify.Malformed:       {"Damaged", "Install the license again: all of it, from OLL1: or OLC1: to the last character."},
	verify.BadSignature:    {"Changed after it was signed", ""},
	verify.UnknownKey:      {"Signed by an unknown key", ""},
	verify.OutOfScope:      {"Not allowed to be signed so", ""},
	verify.Revoked:         {"Revoked", ""},
	verify.Superseded:      {"Superseded", ""},
	verify.Released:        {"Removed", "Add a license, if this server is to have one again."},
	verify.WrongProduct:    {"Of another product", "Install the license of this product."},
	verify.WrongVersion:    {"Does not cover this version", ""},
	verify.UpdatesEnded:    {"Updates have ended", ""},
	verify.WrongSite:       {"Of another server", "Install it on the server that asked for it, or add a license here."},
	verify.WrongMachine:    {"Of another machine", "Add the license again if this machine was replaced or has changed; give the values again that the request was made with."},
	verify.Standby:         {"On standby", ""},
	verify.OverLimit:       {"Over its limit", ""},
	verify.NotYetValid:     {"Not yet valid", ""},
	verify.Expired:         {"Expired", ""},
	verify.ClockRolledBack: {"The clock is wrong", ""},
}
