// Package push proves and translates GitHub pushes, for the relays beside it.
package push

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

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

// Proven says whether the value of X-Hub-Signature-256 is right for the body.
func Proven(secret, body []byte, signature string) bool {
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
