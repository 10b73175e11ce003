-- Counts by day that triggers keep beside the facts, so that figures of a year are read from some
-- thousand rows.
--
-- What changes with the clock alone is never stored: `settled` is the outcome that a conversation
-- comes to when nothing more happens, and the views take out of it what is still open.

alter table conversation_facts add column settled text generated always as (case
    when customer_turns = 0 then 'empty'
    when waiting_at is not null or joined_at is not null then 'handed_off'
    when solved = 1 then 'confirmed_solved'
    when solved = 0 then 'failed'
    when last_status in ('failed', 'accepted') then 'failed'
    when last_status = 'cancelled' then 'abandoned'
    when last_route = 'decline' then 'failed'
    when last_route = 'answer' then case
        when julianday(returned_at) - julianday(last_said_at) <= 7 then 'returned'
        else 'assumed_solved' end
    else 'abandoned'
end) virtual;
create table conversation_days (
    day text not null,                  -- of UTC, on which they began
    language text not null,
    settled text not null,
    n integer not null,
    customer_turns integer not null,
    primary key (day, language, settled)
) without rowid;
create table answer_days (
    day text not null,
    route text not null,
    intent text not null,               -- empty where it is not known, as `rating`
    rating text not null,
    n integer not null,
    primary key (day, route, intent, rating)
) without rowid;
create table citation_days (
    day text not null,
    document text not null,
    n integer not null,                 -- of answers' passages
    primary key (day, document)
) without rowid;

insert into conversation_days
select substr(started_at, 1, 10), language, settled, count(*), sum(customer_turns)
from conversation_facts group by 1, 2, 3;
insert into answer_days
select substr(created_at, 1, 10), route, coalesce(intent, ''), coalesce(rating, ''), count(*)
from answer_facts group by 1, 2, 3, 4;
insert into citation_days
select substr(a.created_at, 1, 10), m.document, count(*)
from matches m join answer_facts a on a.turn_id = m.turn_id where m.cited = 1 group by 1, 2;

create trigger days_conversation after insert on conversation_facts begin
    insert into conversation_days
    values (substr(new.started_at, 1, 10), new.language, new.settled, 1, new.customer_turns)
    on conflict do update set n = n + 1, customer_turns = customer_turns + excluded.customer_turns;
end;
create trigger days_conversation_changes after update on conversation_facts
when new.settled <> old.settled or new.customer_turns <> old.customer_turns
    or new.language <> old.language
begin
    update conversation_days set n = n - 1, customer_turns = customer_turns - old.customer_turns
    where day = substr(old.started_at, 1, 10) and language = old.language
        and settled = old.settled;
    insert into conversation_days
    values (substr(new.started_at, 1, 10), new.language, new.settled, 1, new.customer_turns)
    on conflict do update set n = n + 1, customer_turns = customer_turns + excluded.customer_turns;
end;
create trigger days_conversation_gone after delete on conversation_facts begin
    update conversation_days set n = n - 1, customer_turns = customer_turns - old.customer_turns
    where day = substr(old.started_at, 1, 10) and language = old.language
        and settled = old.settled;
end;
create trigger days_answer after insert on answer_facts begin
    insert into answer_days
    values (substr(new.created_at, 1, 10), new.route, coalesce(new.intent, ''),
        coalesce(new.rating, ''), 1)
    on conflict do update set n = n + 1;
end;
create trigger days_answer_changes after update of rating on answer_facts
when coalesce(new.rating, '') <> coalesce(old.rating, '')
begin
    update answer_days set n = n - 1
    where day = substr(old.created_at, 1, 10) and route = old.route
        and intent = coalesce(old.intent, '') and rating = coalesce(old.rating, '');
    insert into answer_days
    values (substr(new.created_at, 1, 10), new.route, coalesce(new.intent, ''),
        coalesce(new.rating, ''), 1)
    on conflict do update set n = n + 1;
end;
create trigger days_answer_gone after delete on answer_facts begin
    update answer_days set n = n - 1
    where day = substr(old.created_at, 1, 10) and route = old.route
        and intent = coalesce(old.intent, '') and rating = coalesce(old.rating, '');
end;
create trigger days_citation after insert on matches when new.cited = 1 begin
    insert into citation_days
    select substr(created_at, 1, 10), new.document, 1
    from answer_facts where turn_id = new.turn_id
    on conflict do update set n = n + 1;
end;
create trigger days_citation_gone after delete on matches when old.cited = 1 begin
    update citation_days set n = n - 1
    where document = old.document and day = (
        select substr(created_at, 1, 10) from answer_facts where turn_id = old.turn_id);
end;

-- A customer who is silent for an hour has left; one who is not back within seven days after an
-- answer is taken to be served. Both are what service desks commonly use.
drop view outcomes;
create view outcomes as
select f.*, case
    when customer_turns > 0 and waiting_at is null and joined_at is null and solved is null and (
        last_said_at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-1 hour')
        or (settled = 'assumed_solved'
            and last_said_at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-7 days'))
    ) then 'open'
    else settled
end as outcome
from conversation_facts f;
create view outcome_days as
with still_open as (
    select substr(started_at, 1, 10) as day, language, settled, count(*) as n,
        sum(customer_turns) as customer_turns
    from outcomes
    where last_said_at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-7 days') and outcome = 'open'
    group by 1, 2, 3
)
select day, language, settled as outcome, n, customer_turns from conversation_days
where n > 0 and settled <> 'empty'
union all select day, language, settled, -n, -customer_turns from still_open
union all select day, language, 'open', n, customer_turns from still_open;

-- What is left to be read row by row: times, whose percentiles do not add up, and what is rare.
create index conversation_facts_last_said_at on conversation_facts (last_said_at);
create index conversation_facts_waits on conversation_facts (started_at, waiting_at, joined_at)
where waiting_at is not null;
create index conversation_facts_solved on conversation_facts (started_at, solved)
where solved is not null;
create index conversation_facts_satisfaction on conversation_facts (started_at, satisfaction)
where satisfaction is not null;
drop index answer_facts_created_at;
create index answer_facts_created_at on answer_facts (created_at, route, first_word_ms, total_ms);
drop index matches_cited_by_turn;
