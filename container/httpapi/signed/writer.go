package signed

import (
	"hash"
	"net/http"
	"strconv"
)

// A writer signs a response. If the handler panics, the response ends without a signature.
type writer struct {
	http.ResponseWriter
	token, nonce string
	body         hash.Hash
	status       int         // 0: the header isn't written yet
	header       http.Header // as it was written
}

// WriteHeader announces the trailer.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	h := w.Header()
	// A response with a length has no trailer.
	h.Del("Content-Length")
	h.Set("Trailer", signatureTrailer)
	if _, set := h["Content-Type"]; !set {
		h["Content-Type"] = nil // else the server adds a guess, which isn't signed
	}
	w.status, w.header = status, h.Clone()
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

// finish writes the signature.
func (w *writer) finish() {
	w.WriteHeader(http.StatusOK)
	w.Header().Set(signatureTrailer, sign(w.token, w.nonce, strconv.Itoa(w.status), w.header, w.body.Sum(nil)))
}

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
