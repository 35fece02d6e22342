package main

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"log"
	"os"
	"path/filepath"

	"peers/push"
)

// Event is a push that was accepted, with what is posted for it.
type Event struct {
	Number  uint64
	ID      string
	Body    []byte // until it is on disk
	Lane    string
	Message []byte
	Done    bool
}

// Journal is a file of records, each a head (checksum of all that follows, kind, number, lengths), a delivery id and a body.
// Those that are written while the disk syncs share the next sync.
type Journal struct {
	file  *os.File
	next  uint64
	queue chan entry
}

type entry struct {
	event  *Event // to be stored
	done   uint64 // or the number of one that was delivered
	stored chan struct{}
}

const (
	headSize = 4 + 1 + 8 + 2 + 4
	batch    = 1024
)

// Open reads a journal, and cuts off what a crash has left half-written; it makes the file when there is none.
func Open(path string) (*Journal, []*Event, error) {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	var events []*Event
	at := 0
	for {
		kind, number, id, body, size := decode(text[at:])
		if size == 0 {
			break
		}
		at += size
		if kind == 'D' {
			events[number].Done = true
			continue
		}
		parsed, err := push.Parse(body)
		if err != nil {
			return nil, nil, err
		}
		event := &Event{Number: number, ID: id, Lane: parsed.Repository.FullName, Message: parsed.Message()}
		events = append(events, event)
	}
	file, err := open(path, int64(at))
	return &Journal{file, uint64(len(events)), make(chan entry, batch)}, events, err
}

// open gives the file, cut off at a size; its name is on disk, too.
func open(path string, size int64) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err = file.Truncate(size); err != nil {
		return nil, err
	}
	if _, err = file.Seek(size, io.SeekStart); err != nil {
		return nil, err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return file, folder.Sync()
}

// Append returns once the event is on disk.
func (j *Journal) Append(event *Event) { j.wait(entry{event: event}) }

// Barrier returns once everything that was appended before is on disk.
func (j *Journal) Barrier() { j.wait(entry{}) }

// Done notes that an event was delivered; a power cut may forget it, and the event is posted again.
func (j *Journal) Done(event *Event) { j.queue <- entry{done: event.Number + 1} }

func (j *Journal) wait(one entry) {
	one.stored = make(chan struct{})
	j.queue <- one
	<-one.stored
}

// Run writes what is queued, and calls `stored` with each event that is on disk, in the order of the file.
func (j *Journal) Run(stored func(*Event)) {
	var buffer []byte
	for first := range j.queue {
		entries := append(make([]entry, 0, 64), first)
		for len(entries) < batch && len(j.queue) > 0 {
			entries = append(entries, <-j.queue)
		}
		buffer = buffer[:0]
		sync := false
		for _, one := range entries {
			switch {
			case one.event != nil:
				one.event.Number = j.next
				j.next++
				buffer = encode(buffer, 'E', one.event.Number, one.event.ID, one.event.Body)
			case one.done > 0:
				buffer = encode(buffer, 'D', one.done-1, "", nil)
			}
			sync = sync || one.stored != nil
		}
		if _, err := j.file.Write(buffer); err != nil {
			log.Fatal(err) // nobody is told that it is stored
		}
		if sync {
			if err := j.file.Sync(); err != nil {
				log.Fatal(err)
			}
		}
		for _, one := range entries {
			if one.event != nil {
				one.event.Body = nil
				stored(one.event)
			}
			if one.stored != nil {
				close(one.stored)
			}
		}
	}
}

func encode(buffer []byte, kind byte, number uint64, id string, body []byte) []byte {
	start := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, kind)
	buffer = binary.BigEndian.AppendUint64(buffer, number)
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(len(id)))
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(body)))
	buffer = append(append(buffer, id...), body...)
	binary.BigEndian.PutUint32(buffer[start:], crc32.ChecksumIEEE(buffer[start+4:]))
	return buffer
}

// decode gives the size 0 where no whole record begins.
func decode(text []byte) (kind byte, number uint64, id string, body []byte, size int) {
	if len(text) < headSize {
		return
	}
	idEnd := headSize + int(binary.BigEndian.Uint16(text[13:]))
	end := idEnd + int(binary.BigEndian.Uint32(text[15:]))
	if end > len(text) || crc32.ChecksumIEEE(text[4:end]) != binary.BigEndian.Uint32(text) {
		return
	}
	return text[4], binary.BigEndian.Uint64(text[5:]), string(text[headSize:idEnd]), text[idEnd:end], end
}
