// Package signed authenticates the requests between the processes of a job, and those of
// its commands, without sending the token. It is for both sides: [Client] signs requests,
// and [Verifier] checks them and signs the responses.
//
//  1. The client requests [ChallengePath]. The server responds with status 401, its boot
//     id (random, of each start) and a challenge.
//  2. The client signs its request with the token, by HMAC-SHA256: method, path and query,
//     boot id, challenge, a nonce of its own, the audience (the HOST:PORT that it dialled),
//     the signed headers, and the SHA-256 of the body.
//  3. The server serves a request whose signature is right, whose audience is one of its
//     own addresses, and whose challenge wasn't used before.
//  4. It signs the response with the same token: the request's nonce, the status, the
//     signed headers, and the SHA-256 of the body. The signature is in a trailer. The
//     client uses a response only once that is verified.
//
// The signed headers are those whose names begin with Grete-, Accept, Content-Type and
// Retry-After. A signed response has a challenge for the next request, so that only the
// first one needs two round trips.
//
// A client that is led to a foreign address gives nothing away: what it signs is valid at
// that address only, and once. Nobody's clock matters. Nothing is encrypted: an observer
// of the network sees requests and responses. TLS prevents that.
package signed
