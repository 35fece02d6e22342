-- The journal's schema, version by version. A new file runs every section, an older file those above its
-- PRAGMA user_version. A released section never changes: what is new goes into a section of its own at the end.

-- version 1

-- One authentic request. `number` grows in commit order; `size` is what retention by size counts, in bytes.
-- The large columns are last, so that reading the others does not walk their overflow pages.
CREATE TABLE event (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    received    REAL NOT NULL,
    size        INTEGER NOT NULL,
    route       TEXT NOT NULL,
    service     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    name        TEXT NOT NULL,
    translator  TEXT NOT NULL,
    subject     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    method      TEXT NOT NULL,
    path_secret TEXT NOT NULL,
    url         TEXT NOT NULL,
    query       TEXT NOT NULL,
    headers     TEXT NOT NULL,
    body        BLOB NOT NULL
);

-- Covers every filter of `find` and both kinds of retention; it grows at its right edge only.
CREATE INDEX event_age ON event (received, size, route, service, outcome);

-- One message on its way. AUTOINCREMENT: a number is never given twice, also after the last row was pruned.
CREATE TABLE delivery (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    event       INTEGER NOT NULL,
    received    REAL NOT NULL,
    destination TEXT NOT NULL,
    lane        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    not_before  REAL NOT NULL,
    reason      TEXT NOT NULL,
    post_id     TEXT NOT NULL,
    address     TEXT NOT NULL,
    card        TEXT NOT NULL,
    payload     BLOB NOT NULL
);

CREATE INDEX delivery_event ON delivery (event);

-- Partial, so that they stay as small as the queue, whatever the age of the file. Only with `state` in them are they
-- covering: SQLite does not take its value from the condition.
CREATE INDEX delivery_pending ON delivery (seq, event, destination, received, state) WHERE state = 'pending';
CREATE INDEX delivery_dead ON delivery (destination, event, state) WHERE state = 'dead';
CREATE INDEX delivery_replayed ON delivery (event, state) WHERE state = 'replayed';

-- The post that shows a subject at a destination. It outlives the events that made it.
CREATE TABLE card (
    destination TEXT NOT NULL,
    subject     TEXT NOT NULL,
    post_id     TEXT NOT NULL,
    used        REAL NOT NULL,
    closed      INTEGER NOT NULL,
    PRIMARY KEY (destination, subject)
) WITHOUT ROWID;

CREATE INDEX card_age ON card (used);

-- What makes a second request the same event. It may outlive the event that it names.
CREATE TABLE duplicate (
    key      TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    expires  REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX duplicate_expiry ON duplicate (expires);

-- version 2

-- The newest attempts at a delivery, the oldest of them first, a line of JSON each; and the trace context of its request.
ALTER TABLE delivery ADD COLUMN log TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN trace TEXT NOT NULL DEFAULT '';

-- Events are found in the order of their numbers, which every index has in its last place without being told.
CREATE INDEX event_kind ON event (route, service, outcome);
DROP INDEX event_age;
CREATE INDEX event_age ON event (received, size);

-- The dead by what they died of, and newest first.
DROP INDEX delivery_dead;
CREATE INDEX delivery_dead ON delivery (destination, reason, event, received, state) WHERE state = 'dead';
CREATE INDEX delivery_dead_event ON delivery (event, destination, state) WHERE state = 'dead';

-- version 3

-- The secret that a service told a route in a handshake.
CREATE TABLE secret (
    route  TEXT PRIMARY KEY,
    secret TEXT NOT NULL
) WITHOUT ROWID;

-- version 4

-- The addresses inside a destination that have taken a message, the newest of which was received at `used`. It outlives
-- the deliveries. Those of the newest deliveries begin it: a look at all of a large journal would take minutes.
CREATE TABLE address (
    destination TEXT NOT NULL,
    address     TEXT NOT NULL,
    used        REAL NOT NULL,
    PRIMARY KEY (destination, address)
) WITHOUT ROWID;

INSERT INTO address
SELECT destination, address, max(received) FROM delivery
 WHERE seq > (SELECT seq FROM sqlite_sequence WHERE name = 'delivery') - 100000 AND state = 'delivered' AND address <> ''
 GROUP BY destination, address;

CREATE INDEX address_age ON address (used);

-- A person's decision not to send a dead delivery. A table of its own: an index over the deliveries takes minutes to make.
CREATE TABLE discard (
    delivery INTEGER PRIMARY KEY,
    event    INTEGER NOT NULL,
    at       REAL NOT NULL,
    reason   TEXT NOT NULL
);

CREATE INDEX discard_event ON discard (event, at);

-- The duplicate keys of an event with a delivery to an address, as JSON: they go when it is refused. Else empty.
ALTER TABLE event ADD COLUMN keys TEXT NOT NULL DEFAULT '';

-- version 5

-- What makes a second request the same event, in 16 bytes: see `gateway.journal.duplicates`. It may outlive the event
-- that it names, so the number of an event is never given twice. Those before are moved while the journal is in use.
ALTER TABLE duplicate RENAME TO duplicate_text;

CREATE TABLE duplicate (
    key     BLOB PRIMARY KEY,
    event   INTEGER NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX duplicate_end ON duplicate (expires);

-- The newest keys, before they are merged into the table of all: see `keys_sql`. The last row of a key counts.
CREATE TABLE duplicate_new (
    number  INTEGER PRIMARY KEY,
    key     BLOB NOT NULL,
    event   INTEGER NOT NULL,
    expires REAL NOT NULL
);

INSERT INTO sqlite_sequence SELECT 'event', coalesce(max(number), 0) FROM event;

-- The length of a body that is packed, see `gateway.journal.sqlite.bodies`; 0 for one that is as it came.
ALTER TABLE event ADD COLUMN body_size INTEGER NOT NULL DEFAULT 0;

-- The kinds of events. `newest` is an event of the kind, less than 1,000 numbers before the newest one. Events of an
-- earlier schema are found by it, too, until they are among those of `kind_of_event`: they are below all of them.
CREATE TABLE kind (
    number  INTEGER PRIMARY KEY,
    route   TEXT NOT NULL,
    service TEXT NOT NULL,
    outcome TEXT NOT NULL,
    newest  INTEGER NOT NULL,
    UNIQUE (route, service, outcome)
);

-- The first event of each kind is looked up from the kind before it: as many steps as there are kinds, not events.
INSERT INTO kind (route, service, outcome, newest)
WITH RECURSIVE first (number) AS (
  SELECT (SELECT number FROM event INDEXED BY event_kind ORDER BY route, service, outcome LIMIT 1)
   UNION ALL
  SELECT coalesce(
           (SELECT next.number FROM event AS next INDEXED BY event_kind
             WHERE next.route = event.route AND next.service = event.service AND next.outcome > event.outcome
             ORDER BY next.outcome LIMIT 1),
           (SELECT next.number FROM event AS next INDEXED BY event_kind
             WHERE next.route = event.route AND next.service > event.service
             ORDER BY next.service, next.outcome LIMIT 1),
           (SELECT next.number FROM event AS next INDEXED BY event_kind
             WHERE next.route > event.route
             ORDER BY next.route, next.service, next.outcome LIMIT 1))
    FROM first JOIN event ON event.number = first.number)
SELECT route, service, outcome,
       (SELECT max(same.number) FROM event AS same INDEXED BY event_kind
         WHERE same.route = event.route AND same.service = event.service AND same.outcome = event.outcome)
  FROM first JOIN event ON event.number = first.number;

DROP INDEX event_kind;

-- The kind of each event: narrow, so that a walk over it is quick, and it grows at its right edge only.
CREATE TABLE kind_of_event (
    number INTEGER PRIMARY KEY,
    kind   INTEGER NOT NULL
);

-- While it is there, something is still in the form of an earlier schema: events numbered below this, and what is in
-- `duplicate_text`. The writing process moves them slice by slice, and drops both tables at the end.
CREATE TABLE migration (below INTEGER NOT NULL);

INSERT INTO migration SELECT coalesce(max(number), 0) + 1 FROM event;

-- version 6

-- The kinds of events have a note, too: see `gateway.model.Note`.
ALTER TABLE kind RENAME TO kind_without_note;

CREATE TABLE kind (
    number  INTEGER PRIMARY KEY,
    route   TEXT NOT NULL,
    service TEXT NOT NULL,
    outcome TEXT NOT NULL,
    note    TEXT NOT NULL,
    newest  INTEGER NOT NULL,
    UNIQUE (route, service, outcome, note)
);

INSERT INTO kind SELECT number, route, service, outcome, '', newest FROM kind_without_note;

DROP TABLE kind_without_note;

-- Requests that were not accepted, the newest of each route. AUTOINCREMENT: their order is that of their numbers.
CREATE TABLE refusal (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    received     REAL NOT NULL,
    route        TEXT NOT NULL,
    service      TEXT NOT NULL,
    cause        TEXT NOT NULL,
    status       INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    hint         TEXT NOT NULL,
    peer         TEXT NOT NULL,
    method       TEXT NOT NULL,
    agent        TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL
);

CREATE INDEX refusal_route ON refusal (route);
CREATE INDEX refusal_age ON refusal (received);

-- A person's decision that nothing is delivered to a destination until it is resumed.
CREATE TABLE pause (
    destination TEXT PRIMARY KEY,
    at          REAL NOT NULL,
    person      TEXT NOT NULL,
    reason      TEXT NOT NULL
) WITHOUT ROWID;

-- version 7

-- The newest event that a card shows: what is sent again must not set it back. 0 where it is not known, as of all before.
ALTER TABLE card ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;

-- version 8

-- The keys of rings, see `gateway.journal.keyrings`. The one without an end signs.
CREATE TABLE ring_key (
    number      INTEGER PRIMARY KEY,
    ring        TEXT NOT NULL,
    id          TEXT NOT NULL,
    key         BLOB NOT NULL,
    made        REAL NOT NULL,
    valid_until REAL,
    UNIQUE (ring, id)
);

CREATE UNIQUE INDEX ring_key_signing ON ring_key (ring) WHERE valid_until IS NULL;

-- Where a ticket was clicked first.
CREATE TABLE pin (
    ticket  TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    post    TEXT NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX pin_end ON pin (expires);

-- Pending deliveries of which an attempt began that must not be repeated: see `gateway.journal.uses.Uses.begin`.
CREATE TABLE begun (
    seq INTEGER PRIMARY KEY
);

-- Who did what from Mattermost. AUTOINCREMENT: their order is that of their numbers. `taken`: see NOT_TAKEN.
CREATE TABLE audit (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    at        REAL NOT NULL,
    outcome   TEXT NOT NULL,
    callback  TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    user      TEXT NOT NULL,
    user_name TEXT NOT NULL,
    channel   TEXT NOT NULL,
    post      TEXT NOT NULL,
    text      TEXT NOT NULL,
    event     TEXT NOT NULL,
    done      TEXT NOT NULL,
    taken     INTEGER NOT NULL
);

CREATE INDEX audit_age ON audit (at);
CREATE INDEX audit_taken ON audit (taken);
CREATE INDEX audit_callback ON audit (callback);
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX audit_user ON audit (user);
CREATE INDEX audit_user_name ON audit (user_name);
CREATE INDEX audit_post ON audit (post, outcome);

-- How far listeners have come, in milliseconds since the epoch.
CREATE TABLE position (
    name TEXT PRIMARY KEY,
    at   REAL NOT NULL
) WITHOUT ROWID;

-- The subjects of which a route tells nothing before `until`, and who said so.
CREATE TABLE snooze (
    route   TEXT NOT NULL,
    subject TEXT NOT NULL,
    until   REAL NOT NULL,
    by      TEXT NOT NULL,
    PRIMARY KEY (route, subject)
) WITHOUT ROWID;

CREATE INDEX snooze_end ON snooze (until);
