-- The facts of conversations and answers in narrow tables that triggers keep. Lists, filters and
-- figures read these instead of scanning all text. Classes, such as the outcome of a conversation,
-- are computed when read (the view `outcomes`), so that they may change with time.
--
-- A step that rebuilds `conversations`, `turns`, `matches` or `feedback` (sqlite-utils' transform)
-- loses their triggers: it has to create them again.

create table conversation_facts (
    n integer primary key,              -- the order in which they began
    conversation_id text not null unique,
    started_at text not null,
    language text not null,
    channel text not null,
    owner text not null,
    customer_turns integer not null default 0,
    bot_turns integer not null default 0,
    answers integer not null default 0,
    clarifications integer not null default 0,
    declines integer not null default 0,
    hand_offs integer not null default 0,
    small_talks integer not null default 0,
    failures integer not null default 0,
    last_question integer,              -- the customer's last turn, how it ended, and when it came
    last_status text,
    last_said_at text,
    last_route text,                    -- of the bot's last turn that is not small talk
    least_score real,                   -- of the best match of the weakest answer
    waiting_at text,                    -- when it first waited for a person, and when one came
    joined_at text,
    returned_at text,                   -- when the same browser began its next conversation
    ups integer not null default 0,
    downs integer not null default 0,
    solved integer,                     -- what the customer said at the end; satisfaction is 1..5
    satisfaction integer,
    reviews integer not null default 0
);
create index conversation_facts_started_at on conversation_facts (started_at);
create table answer_facts (
    turn_id integer primary key,
    conversation_id text not null,
    created_at text not null,
    route text not null,
    intent text,                        -- null where it is not known
    score real,                         -- of the best match
    first_word_ms real,
    total_ms real,
    rating text
);
create index answer_facts_created_at on answer_facts
    (created_at, route, intent, rating, first_word_ms, total_ms);
create index answer_facts_intent on answer_facts (intent, conversation_id);
-- `cited` is in them only to make them covering: SQLite 3.40 would look each row up.
create index matches_cited on matches (passage_id, turn_id, cited) where cited = 1;
create index matches_cited_by_turn on matches (turn_id, passage_id, cited) where cited = 1;
create table surveys (
    conversation_id text primary key references conversations (id),
    solved integer,
    satisfaction integer,
    created_at text not null
);
alter table conversations add column follows text references conversations (id);

-- What was logged before these tables. A conversation that a person owned has a system turn.
insert into conversation_facts (
    conversation_id, started_at, language, channel, owner, customer_turns, failures,
    last_question, last_status, last_said_at, bot_turns, answers, clarifications, declines,
    hand_offs, small_talks, last_route, waiting_at
)
select c.id, c.created_at, c.language, c.channel, c.owner,
    (select count(*) from turns t where t.conversation_id = c.id and role = 'customer'),
    (select count(*) from turns t
        where t.conversation_id = c.id and role = 'customer' and status = 'failed'),
    q.id, q.status, q.created_at,
    (select count(*) from turns t where t.conversation_id = c.id and role = 'bot'),
    (select count(*) from turns t where t.conversation_id = c.id and route = 'answer'),
    (select count(*) from turns t where t.conversation_id = c.id and route = 'clarify'),
    (select count(*) from turns t
        where t.conversation_id = c.id and (route = 'decline' or rule = 'second_decline')),
    (select count(*) from turns t where t.conversation_id = c.id and route = 'hand_off'),
    (select count(*) from turns t where t.conversation_id = c.id and route = 'small_talk'),
    (select route from turns t
        where t.conversation_id = c.id and role = 'bot' and route <> 'small_talk'
        order by id desc limit 1),
    coalesce(
        (select min(created_at) from turns t
            where t.conversation_id = c.id and (role = 'system' or route = 'hand_off')),
        case when c.owner = 'waiting' then c.updated_at end
    )
from conversations c
left join turns q on q.id = (
    select max(id) from turns t where t.conversation_id = c.id and role = 'customer'
)
order by c.created_at, c.id;
insert into answer_facts
select t.id, t.conversation_id, t.created_at, coalesce(t.route, 'answer'),
    case when t.intent_known then t.intent end,
    (select score from matches m where m.turn_id = t.id and m.rank = 1),
    json_extract(t.timings_ms, '$.first_word'), json_extract(t.timings_ms, '$.total'),
    (select rating from feedback where turn_id = t.id)
from turns t where t.role = 'bot' and t.status = 'done' order by t.id;
update conversation_facts set
    least_score = (select min(score) from answer_facts a
        where a.conversation_id = conversation_facts.conversation_id and route = 'answer'),
    ups = (select count(*) from answer_facts a
        where a.conversation_id = conversation_facts.conversation_id and rating = 'up'),
    downs = (select count(*) from answer_facts a
        where a.conversation_id = conversation_facts.conversation_id and rating = 'down');

create trigger facts_conversation after insert on conversations begin
    insert into conversation_facts (conversation_id, started_at, language, channel, owner)
    values (new.id, new.created_at, new.language, new.channel, new.owner);
    update conversation_facts set returned_at = coalesce(returned_at, new.created_at)
    where conversation_id = new.follows;
end;
create trigger facts_owner after update of owner on conversations
when new.owner <> old.owner begin
    update conversation_facts set
        owner = new.owner,
        waiting_at = case when new.owner = 'waiting'
            then coalesce(waiting_at, new.updated_at) else waiting_at end,
        joined_at = case when new.owner = 'agent'
            then coalesce(joined_at, new.updated_at) else joined_at end
    where conversation_id = new.id;
end;
create trigger facts_conversation_gone after delete on conversations begin
    delete from conversation_facts where conversation_id = old.id;
end;
create trigger facts_question after insert on turns when new.role = 'customer' begin
    update conversation_facts set
        customer_turns = customer_turns + 1,
        failures = failures + (new.status = 'failed'),
        last_question = new.id,
        last_status = new.status,
        last_said_at = new.created_at
    where conversation_id = new.conversation_id;
end;
create trigger facts_question_ends after update of status on turns
when new.role = 'customer' and new.status <> old.status begin
    update conversation_facts set
        failures = failures + (new.status = 'failed') - (old.status = 'failed'),
        last_status = case when last_question = new.id then new.status else last_status end
    where conversation_id = new.conversation_id;
end;
create trigger facts_answer after insert on turns
when new.role = 'bot' and new.status = 'done' begin
    insert into answer_facts
        (turn_id, conversation_id, created_at, route, intent, first_word_ms, total_ms)
    values (
        new.id, new.conversation_id, new.created_at, coalesce(new.route, 'answer'),
        case when new.intent_known then new.intent end,
        json_extract(new.timings_ms, '$.first_word'), json_extract(new.timings_ms, '$.total')
    );
    update conversation_facts set
        bot_turns = bot_turns + 1,
        answers = answers + (new.route = 'answer'),
        clarifications = clarifications + (new.route = 'clarify'),
        declines = declines + (new.route = 'decline' or new.rule = 'second_decline'),
        hand_offs = hand_offs + (new.route = 'hand_off'),
        small_talks = small_talks + (new.route = 'small_talk'),
        last_route = case when new.route = 'small_talk' then last_route else new.route end
    where conversation_id = new.conversation_id;
end;
create trigger facts_turn_gone after delete on turns when old.role = 'bot' begin
    delete from answer_facts where turn_id = old.id;
end;
create trigger facts_match after insert on matches when new.rank = 1 begin
    update answer_facts set score = new.score where turn_id = new.turn_id;
    update conversation_facts set least_score = min(coalesce(least_score, 1.0), new.score)
    where conversation_id = (
        select conversation_id from answer_facts
        where turn_id = new.turn_id and route = 'answer'
    );
end;
create trigger facts_rating after insert on feedback begin
    update answer_facts set rating = new.rating where turn_id = new.turn_id;
    update conversation_facts set
        ups = ups + (new.rating = 'up'), downs = downs + (new.rating = 'down')
    where conversation_id = (select conversation_id from turns where id = new.turn_id);
end;
create trigger facts_rating_changes after update of rating on feedback begin
    update answer_facts set rating = new.rating where turn_id = new.turn_id;
    update conversation_facts set
        ups = ups + (new.rating = 'up') - (old.rating = 'up'),
        downs = downs + (new.rating = 'down') - (old.rating = 'down')
    where conversation_id = (select conversation_id from turns where id = new.turn_id);
end;
create trigger facts_survey after insert on surveys begin
    update conversation_facts set solved = new.solved, satisfaction = new.satisfaction
    where conversation_id = new.conversation_id;
end;
create trigger facts_survey_changes after update on surveys begin
    update conversation_facts set solved = new.solved, satisfaction = new.satisfaction
    where conversation_id = new.conversation_id;
end;

-- A customer who is silent for an hour has left; one who is not back within seven days after an
-- answer is taken to be served. Both are what service desks commonly use. (060_counts_by_day.sql puts
-- a view in its place that says the same.)
create view outcomes as
select f.*, case
    when customer_turns = 0 then 'empty'
    when waiting_at is not null or joined_at is not null then 'handed_off'
    when solved = 1 then 'confirmed_solved'
    when solved = 0 then 'failed'
    when last_said_at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-1 hour') then 'open'
    when last_status in ('failed', 'accepted') then 'failed'
    when last_status = 'cancelled' then 'abandoned'
    when last_route = 'decline' then 'failed'
    when last_route = 'answer' then case
        when julianday(returned_at) - julianday(last_said_at) <= 7 then 'returned'
        when last_said_at > strftime('%Y-%m-%dT%H:%M:%f', 'now', '-7 days') then 'open'
        else 'assumed_solved' end
    else 'abandoned'
end as outcome
from conversation_facts f;
