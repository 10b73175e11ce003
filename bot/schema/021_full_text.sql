-- What can be searched: each turn's words as knowledge/words.py cuts them, without the text itself
-- (contentless), without places (detail=none: terms are and-ed) and sizes. `search_terms` is a
-- function that ConversationDatabase gives its connection. Against FTS5's trigram index over the
-- same turns (evals/many_conversations.py): see README, "The database".

create virtual table turn_terms using fts5(
    terms, content='', detail=none, columnsize=0, tokenize="unicode61 remove_diacritics 0"
);
insert into turn_terms (rowid, terms) select id, search_terms(text) from turns;

create trigger terms_turn after insert on turns begin
    insert into turn_terms (rowid, terms) values (new.id, search_terms(new.text));
end;
create trigger terms_turn_changes after update of text on turns begin
    insert into turn_terms (turn_terms, rowid, terms)
    values ('delete', old.id, search_terms(old.text));
    insert into turn_terms (rowid, terms) values (new.id, search_terms(new.text));
end;
create trigger terms_turn_gone after delete on turns begin
    insert into turn_terms (turn_terms, rowid, terms)
    values ('delete', old.id, search_terms(old.text));
end;
