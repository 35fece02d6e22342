// Package push receives and translates GitHub pushes, for the relays beside it.
package push

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const limit = 1 << 20

// Push is what a message needs of GitHub's payload.
type Push struct {
	Ref        string `json:"ref"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
	Commits []struct {
		ID      string `json:"id"`
		Message string `json:"message"`
		URL     string `json:"url"`
		Author  struct {
			Name string `json:"name"`
		} `json:"author"`
	} `json:"commits"`
}

// Received gives the body of a POST whose signature is right; any other request is answered here, and gives nil.
func Received(w http.ResponseWriter, r *http.Request, secret []byte) []byte {
	if r.Method != http.MethodPost {
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		http.Error(w, "the body did not arrive", http.StatusBadRequest)
		return nil
	}
	if !proven(secret, body, r.Header.Get("X-Hub-Signature-256")) {
		http.Error(w, "the signature is wrong", http.StatusForbidden)
		return nil
	}
	return body
}

func proven(secret, body []byte, signature string) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

// Parse reads a payload.
func Parse(body []byte) (push Push, err error) {
	if err = json.Unmarshal(body, &push); err == nil && push.Repository.FullName == "" {
		err = fmt.Errorf("the payload names no repository")
	}
	return push, err
}

// Message is the JSON text that Mattermost's incoming webhooks take.
func (push Push) Message() []byte {
	var text strings.Builder
	branch := strings.TrimPrefix(push.Ref, "refs/heads/")
	fmt.Fprintf(&text, "%s pushed %d commits to %s of %s", push.Pusher.Name, len(push.Commits), branch, push.Repository.FullName)
	for _, commit := range push.Commits {
		subject, _, _ := strings.Cut(commit.Message, "\n")
		fmt.Fprintf(&text, "\n- [`%.7s`](%s) %s (%s)", commit.ID, commit.URL, subject, commit.Author.Name)
	}
	var message bytes.Buffer
	encoder := json.NewEncoder(&message)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]string{"text": text.String()}); err != nil {
		panic(err) // text always encodes
	}
	return message.Bytes()
}
