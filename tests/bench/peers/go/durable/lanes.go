package main

import (
	"bytes"
	"io"
	"log"
	"math/rand"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	underWay     = 32
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// Lanes posts events: those of one lane one after the other, those of different lanes side by side.
type Lanes struct {
	hook   string
	client *http.Client
	posts  chan struct{}
	done   func(*Event)
	mutex  sync.Mutex
	queues map[string][]*Event
}

// NewLanes makes lanes that post to a hook, and call `done` with each event that is delivered or refused for good.
func NewLanes(hook string, timeout time.Duration, done func(*Event)) *Lanes {
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{MaxIdleConnsPerHost: underWay}}
	return &Lanes{hook: hook, client: client, posts: make(chan struct{}, underWay), done: done, queues: map[string][]*Event{}}
}

// Add queues an event behind those of its lane.
func (l *Lanes) Add(event *Event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	queue, running := l.queues[event.Lane]
	l.queues[event.Lane] = append(queue, event)
	if !running {
		go l.drain(event.Lane, event)
	}
}

func (l *Lanes) drain(lane string, event *Event) {
	for event != nil {
		l.deliver(event)
		l.done(event)
		event = l.following(lane)
	}
}

// following takes the first event off a lane, and gives the next one; a lane that is empty is forgotten.
func (l *Lanes) following(lane string) *Event {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	queue := l.queues[lane][1:]
	if len(queue) == 0 {
		delete(l.queues, lane)
		return nil
	}
	l.queues[lane] = queue
	return queue[0]
}

func (l *Lanes) deliver(event *Event) {
	backoff := firstBackoff
	for {
		l.posts <- struct{}{}
		status, pause := l.post(event.Message)
		<-l.posts
		switch {
		case status >= 200 && status < 300:
			return
		case status == http.StatusTooManyRequests && pause > 0:
			time.Sleep(pause)
			continue
		case status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
			log.Printf("event %s is refused for good: status %d", event.ID, status)
			return
		}
		time.Sleep(backoff/2 + time.Duration(rand.Int63n(int64(backoff/2))))
		backoff = min(2*backoff, lastBackoff)
	}
}

// post gives the status, 0 without an answer, and how long the server wants to be left alone.
func (l *Lanes) post(message []byte) (int, time.Duration) {
	answer, err := l.client.Post(l.hook, "application/json", bytes.NewReader(message))
	if err != nil {
		return 0, 0
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	return answer.StatusCode, time.Duration(seconds) * time.Second
}
