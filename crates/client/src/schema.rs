//! The tables of a device's store. A column never changes its meaning; it gets a successor in a new migration.

/// One entry a version, applied in order by `client_db::Db::migrate`.
pub const MIGRATIONS: &[&str] = &[
    FIRST,
    crate::charter::TABLES,
    crate::amendment::TABLES,
    crate::own_device::TABLES,
    crate::choice::TABLES,
    crate::search::TABLES,
    crate::timer::TABLES,
    crate::poll::TABLES,
    crate::mention::TABLES,
    crate::scheduled::TABLES,
    crate::presence::TABLES,
    crate::report::TABLES,
    crate::proposal::TABLES,
    crate::knock::TABLES,
    crate::newcomer::TABLES,
    crate::picture::TABLES,
    crate::pieces::TABLES,
    crate::way_back::TABLES,
    crate::due::TABLES,
    crate::token::TABLES,
    crate::attachment::TABLES,
    crate::brought::TABLES,
    crate::place::TABLES,
    crate::profile::TABLES,
    crate::card::TABLES,
    crate::preview::TABLES,
];

const FIRST: &str = "
create table setting (name text primary key not null, value blob not null) strict, without rowid;

-- MLS state, opaque: see crypto::KeyStore.
create table mls (key blob primary key not null, value blob not null) strict, without rowid;

create table contact (
    account blob primary key not null,
    name text not null default '',
    -- Confirmed by the directory for this account; empty without.
    handle text not null default '',
    -- What the profile says, until confirmed.
    claimed_handle text not null default '',
    -- Lets us knock; empty while unknown.
    introduction blob not null default x'',
    -- The invitation we use with them; empty without.
    invitation blob not null default x'',
    -- 0 request, 1 accepted, 2 blocked
    state integer not null,
    conversation blob not null,
    added_at integer not null
) strict, without rowid;
create index contact_conversation on contact (conversation);

create table invitation (secret blob primary key not null, made_at integer not null) strict, without rowid;

create table slot (
    slot blob primary key not null,
    conversation blob not null,
    generation integer not null default 1,
    -- 1 open, 2 rejoining, 3 closed (read only), 4 request (kept sealed until accepted)
    state integer not null,
    epoch integer not null,
    -- The next sequence of the slot's order that this device has not seen.
    next_sequence integer not null,
    -- R, to come back when the MLS state is lost.
    r blob not null default x'',
    -- One's own address in it, and the proof that deletes it.
    address blob not null,
    owner_proof blob not null,
    -- When this device last renewed its leaf, and its messages since.
    healed_at integer not null default 0,
    sent_since_heal integer not null default 0
) strict, without rowid;
create index slot_conversation on slot (conversation, generation, slot);

-- Letters of people who knock, and what followed in their slots, sealed as it came.
create table request (
    slot blob primary key not null,
    account blob not null,
    letter blob not null,
    sequence integer not null,
    received_at integer not null
) strict, without rowid;
create table held (
    slot blob not null, sequence integer not null, delivery blob not null, primary key (slot, sequence)
) strict, without rowid;

-- Addresses handed out in key packages, until a Welcome uses them.
create table spare_address (
    address blob primary key not null, owner_proof blob not null, last_resort integer not null,
    made_at integer not null,
    -- Names the private keys of the package it was put into.
    package blob not null
) strict, without rowid;

create table message (
    id blob primary key not null,
    conversation blob not null,
    -- Ascends in the order of the slot; the largest integer while it waits in the outbox.
    position integer not null,
    queued integer not null,
    sender blob not null,
    own integer not null,
    sent_at integer not null,
    received_at integer not null,
    text text not null,
    -- The content type of something this build cannot show; empty for text.
    unknown text not null default '',
    content blob not null,
    -- api::Mark as 0 to 3
    mark integer not null,
    failed integer not null default 0,
    -- Which device of the sender said it, and its number in that device's row; 0 without.
    device blob not null default x'',
    number integer not null default 0
) strict, without rowid;
create index message_number on message (conversation, device, number) where number > 0;
create index message_order on message (conversation, position, queued);
create index message_unread on message (conversation, own, mark);

create table conversation (
    id blob primary key not null,
    account blob not null,
    next_position integer not null default 1,
    -- Of this device's own messages: counter and hash of the last (T-13).
    sender_sequence integer not null default 0,
    sender_previous blob not null default x'',
    changed_at integer not null,
    -- Whether this device heard it from the beginning: what it never heard is missing then.
    from_start integer not null default 0
) strict, without rowid;

-- The row of each device of a conversation (T-13): the highest number heard, and the one behind which this device listens.
create table sender_row (
    conversation blob not null, account blob not null, device blob not null, sequence integer not null,
    base integer not null, primary key (conversation, account, device)
) strict, without rowid;

-- Marks to tell others, bundled.
create table receipt_due (
    message blob not null, status integer not null, conversation blob not null, due integer not null,
    primary key (message, status)
) strict, without rowid;
create index receipt_due_time on receipt_due (due);

create table intent (
    id integer primary key,
    kind integer not null,
    -- What it is about: a conversation, slot, account or address, by kind; empty without.
    subject blob not null default x'',
    -- The message it carries; empty without.
    message blob not null default x'',
    -- By kind: content to encrypt, or the encoded operation.
    payload blob not null default x'',
    -- 0 staged, 1 sealed (operation final, may have been sent), 2 stale (waits for the next epoch), 3 stored
    -- (its echo is awaited)
    state integer not null default 0,
    -- Of what was sealed: slot, hash of the payload as the slot will echo it, epoch, encoded operation.
    slot blob not null default x'',
    echo_hash blob not null default x'',
    epoch integer not null default 0,
    operation blob not null default x'',
    attempts integer not null default 0,
    not_before integer not null default 0
) strict;
create index intent_order on intent (kind, subject, id);
create index intent_slot on intent (slot, echo_hash);
create index intent_message on intent (message);
";
