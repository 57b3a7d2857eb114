package web

import (
	"encoding/json"
	"net/http"
)

// problem says why a request did not get what it asked for: RFC 9457, with three members of
// our own. What waits for the staff is told the same way, with the status 202.
type problem struct {
	Type   string `json:"type"` // "about:blank": the status says what kind it is
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`           // what happened, for the customer
	Rule   string `json:"rule"`             // the same in one word, stable
	Next   string `json:"next"`             // what the customer does next
	Number string `json:"number,omitempty"` // of a request that waits, to ask about it
}

func (p problem) write(w http.ResponseWriter) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts and a number
	}
	if watched, ok := w.(*watched); ok {
		watched.rule = p.Rule
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n'))
}
