-- What a team would write instead of a router: two tables, three functions, SKIP LOCKED and NOTIFY.
--
-- Tuned by hand. Items are claimed by walking the waiting ones in their order until one's skills are contained in the
-- agent's; a GIN index on the arrays is slower both ways here: `<@` fetches every item that shares any skill, and every
-- change of an agent would rewrite twenty-five entries. Functions work on batches, so that one commit serves many.
-- In the table's favour: no levels, no weights, no relaxation, no timers, no history, no presence, no decline memory; and an item and an
-- agent whose transactions overlap may miss each other until somebody looks again.

CREATE TABLE signatures (id integer PRIMARY KEY, skills integer[] NOT NULL);

CREATE TABLE agents (
    id integer PRIMARY KEY,
    skills integer[] NOT NULL,
    cap integer NOT NULL,
    used integer NOT NULL DEFAULT 0,
    idle_since bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX agents_with_room ON agents (idle_since) WHERE used < cap;

CREATE SEQUENCE turns CACHE 1000;

CREATE TABLE items (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1000) PRIMARY KEY,
    skills integer[] NOT NULL,
    rank bigint NOT NULL,
    state smallint NOT NULL DEFAULT 0, -- 0 queued, 1 offered, 2 active
    agent integer
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX items_waiting ON items (rank) WHERE state = 0;

CREATE TYPE offer AS (item bigint, agent integer);

CREATE FUNCTION enqueue_many(wanted integer[]) RETURNS SETOF offer LANGUAGE plpgsql AS $$
DECLARE
    asked integer;
    made items;
    chosen integer;
BEGIN
    FOREACH asked IN ARRAY wanted LOOP
        INSERT INTO items (skills, rank) SELECT skills, nextval('turns') FROM signatures WHERE id = asked
            RETURNING * INTO made;
        SELECT id INTO chosen FROM agents WHERE used < cap AND skills @> made.skills
            ORDER BY idle_since LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE agents SET used = used + 1 WHERE id = chosen;
            UPDATE items SET state = 1, agent = chosen WHERE id = made.id;
            PERFORM pg_notify('offers', made.id || ':' || chosen);
            RETURN NEXT (made.id, chosen)::offer;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION accept_many(taken bigint[], by integer[]) RETURNS bigint LANGUAGE sql AS $$
    WITH accepted AS (
        UPDATE items SET state = 2 FROM unnest(taken, by) AS offers(item, agent)
        WHERE id = offers.item AND items.agent = offers.agent AND state = 1 RETURNING id
    )
    SELECT count(*) FROM accepted
$$;

-- Whatever may have to be waited for is locked first, agents in one order; claims come after and skip what is locked.
-- Otherwise transactions wait in a circle: SKIP LOCKED keeps the lock of a row that turned out to be claimed already.
CREATE FUNCTION finish_many(ended bigint[], by integer[]) RETURNS SETOF offer LANGUAGE plpgsql AS $$
DECLARE
    freed integer;
    mine integer[];
    next_item bigint;
BEGIN
    PERFORM id FROM agents WHERE id = ANY (by) ORDER BY id FOR UPDATE;
    DELETE FROM items WHERE id = ANY (ended) AND state = 2;
    FOREACH freed IN ARRAY by LOOP
        SELECT skills INTO mine FROM agents WHERE id = freed;
        SELECT id INTO next_item FROM items WHERE state = 0 AND skills <@ mine
            ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE agents SET idle_since = nextval('turns') WHERE id = freed;
            UPDATE items SET state = 1, agent = freed WHERE id = next_item;
            PERFORM pg_notify('offers', next_item || ':' || freed);
            RETURN NEXT (next_item, freed)::offer;
        ELSE
            UPDATE agents SET used = used - 1, idle_since = nextval('turns') WHERE id = freed;
        END IF;
    END LOOP;
END $$;
