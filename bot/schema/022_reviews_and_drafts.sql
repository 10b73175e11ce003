-- What reviewers think of the bot's turns, who has which conversation before them, and drafts of
-- knowledge.

create table reviews (
    id integer primary key,
    turn_id integer not null references turns (id),
    conversation_id text not null references conversations (id),
    reviewer text not null,
    verdict text not null,
    reasons text not null,              -- JSON lists, as tags
    corrected text not null,
    right_passage text not null,
    tags text not null,
    note text not null,
    created_at text not null,
    updated_at text not null,
    unique (turn_id, reviewer)
);
create index reviews_conversation on reviews (conversation_id);
create index reviews_reviewer on reviews (reviewer, conversation_id);
create table review_leases (
    conversation_id text primary key references conversations (id),
    reviewer text not null,
    until text not null,
    skipped integer not null default 0
);
create table second_reviews (
    conversation_id text primary key references conversations (id),
    asked_by text not null,
    asked_at text not null
);
create table drafts (
    id integer primary key,
    created_at text not null,
    created_by text not null,
    turn_id integer references turns (id),
    language text not null,
    question text not null,
    asked text not null,                -- JSON list
    answer text not null,
    state text not null,
    decided_at text,
    decided_by text,
    knowledge_version text,
    checked text                        -- JSON: what the eval sets said before it was published
);
create index drafts_state on drafts (state, id);

create trigger facts_review after insert on reviews begin
    update conversation_facts set reviews = reviews + 1
    where conversation_id = new.conversation_id;
end;
create trigger facts_review_gone after delete on reviews begin
    update conversation_facts set reviews = reviews - 1
    where conversation_id = old.conversation_id;
end;
