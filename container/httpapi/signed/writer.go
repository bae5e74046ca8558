package signed

import (
	"crypto/sha256"
	"hash"
	"net/http"
	"strconv"
)

// A writer signs a response. If the handler panics, the response ends without a signature.
type writer struct {
	http.ResponseWriter
	token, nonce string
	method       string // of the request
	bodiless     bool
	body         hash.Hash
	status       int         // 0: the header isn't written yet
	header       http.Header // as it was written
}

// WriteHeader announces the trailer. A response without a body has no trailer: there, the
// signature is a header.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	h := w.Header()
	// A response with a length has no trailer.
	h.Del("Content-Length")
	if _, set := h["Content-Type"]; !set {
		h["Content-Type"] = nil // else the server adds a guess, which isn't signed
	}
	w.status, w.header = status, h.Clone()
	if w.bodiless = isBodiless(w.method, status); w.bodiless {
		h.Set(signatureTrailer, w.sign(nil))
	} else {
		h.Set("Trailer", signatureTrailer)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.bodiless {
		w.body.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// isBodiless reports whether a response has no body, and so no trailer.
func isBodiless(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified
}

// finish writes the signature.
func (w *writer) finish() {
	w.WriteHeader(http.StatusOK)
	if !w.bodiless {
		w.Header().Set(signatureTrailer, w.sign(w.body))
	}
}

// sign signs the response with a body; nil: it has none.
func (w *writer) sign(body hash.Hash) string {
	if body == nil {
		body = sha256.New()
	}
	return sign(w.token, w.nonce, strconv.Itoa(w.status), w.header, body.Sum(nil))
}

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
