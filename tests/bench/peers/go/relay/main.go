// Command relay proves, translates and posts a push before it answers: it keeps nothing, and the sender hears how it went.
package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"peers/push"
)

func main() {
	seconds, err := time.ParseDuration(os.Getenv("PEER_TIMEOUT") + "s")
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Timeout: seconds, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	secret, hook := []byte(os.Getenv("PEER_SECRET")), os.Getenv("PEER_HOOK")
	http.HandleFunc("/in/", func(w http.ResponseWriter, r *http.Request) {
		body := push.Received(w, r, secret)
		if body == nil {
			return
		}
		parsed, err := push.Parse(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := client.Post(hook, "application/json", bytes.NewReader(parsed.Message()))
		if err != nil {
			http.Error(w, "Mattermost cannot be reached", http.StatusBadGateway)
			return
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode >= 300 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		io.WriteString(w, "ok")
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PEER_PORT"), nil))
}
