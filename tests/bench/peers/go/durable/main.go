// Command durable answers a push once it is on disk, and posts it afterwards: in order for each repository, again until it is
// taken, and once for each delivery id. It is what one writes by hand in an afternoon: the journal grows for ever.
package main

import (
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"peers/push"
)

type server struct {
	secret  []byte
	journal *Journal
	mutex   sync.Mutex
	seen    map[string]bool
}

func main() {
	timeout, err := time.ParseDuration(os.Getenv("PEER_TIMEOUT") + "s")
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(os.Getenv("PEER_FOLDER"), "durable.journal")
	journal, kept, err := Open(path)
	if err != nil {
		log.Fatal(err)
	}
	lanes := NewLanes(os.Getenv("PEER_HOOK"), timeout, journal.Done)
	seen := map[string]bool{}
	for _, event := range kept {
		seen[event.ID] = true
		if !event.Done {
			lanes.Add(event)
		}
	}
	go journal.Run(lanes.Add)
	serving := &server{secret: []byte(os.Getenv("PEER_SECRET")), journal: journal, seen: seen}
	http.HandleFunc("/in/", serving.take)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PEER_PORT"), nil))
}

func (s *server) take(w http.ResponseWriter, r *http.Request) {
	body := push.Received(w, r, s.secret)
	if body == nil {
		return
	}
	parsed, err := push.Parse(body)
	id := r.Header.Get("X-GitHub-Delivery")
	if err != nil || id == "" || len(id) > 128 {
		http.Error(w, "not a delivery of a push", http.StatusBadRequest)
		return
	}
	if s.repeated(id) {
		s.journal.Barrier() // the first one may not be on disk yet
		w.WriteHeader(http.StatusOK)
		return
	}
	s.journal.Append(&Event{ID: id, Body: body, Lane: parsed.Repository.FullName, Message: parsed.Message()})
	w.WriteHeader(http.StatusAccepted)
}

func (s *server) repeated(id string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	known := s.seen[id]
	s.seen[id] = true
	return known
}
