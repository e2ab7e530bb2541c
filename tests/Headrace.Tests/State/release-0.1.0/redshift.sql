SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA headrace;
CREATE SCHEMA mill;
CREATE SCHEMA raw;
CREATE TABLE headrace.files (
    flow character varying(65535) NOT NULL,
    dataset character varying(65535) NOT NULL,
    schema_name character varying(65535),
    table_name character varying(65535),
    key character varying(65535) NOT NULL,
    action character varying(64) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64),
    rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    schema_version character varying(65535),
    outcome character varying(64) NOT NULL,
    note character varying(65535),
    error_code character varying(64),
    stamp character varying(65535) NOT NULL,
    landed_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    loaded_at timestamp with time zone,
    load_id character varying(64),
    sequence bigint NOT NULL,
    version character varying(65535),
    parts bigint,
    CONSTRAINT "standin_bytes_64_25A63E52A98F" CHECK ((octet_length((outcome)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_41A7BCE3E639" CHECK ((octet_length((error_code)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_5D5B09F6DCB2" CHECK ((octet_length((sha256)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_BD938C688F49" CHECK ((octet_length((action)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_2C70E12B7A06" CHECK ((octet_length((key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_5CA4F3850CCC" CHECK ((octet_length((version)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_8C08B3C1C990" CHECK ((octet_length((schema_version)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_E0AFCDBF6AD4" CHECK ((octet_length((stamp)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_EDB465624291" CHECK ((octet_length((note)::text) <= 65535))
);
CREATE TABLE headrace.loads (
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    flow character varying(65535) NOT NULL,
    dataset character varying(65535) NOT NULL,
    schema_name character varying(65535),
    table_name character varying(65535),
    generation bigint NOT NULL,
    operation character varying(64) NOT NULL,
    files bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    deleted bigint NOT NULL,
    unchanged bigint NOT NULL,
    quarantined bigint NOT NULL,
    committed_at timestamp with time zone NOT NULL,
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_9BF5A24E4AA7" CHECK ((octet_length((operation)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.position_1c168adb00d208e4 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_33d72b74a15e4772 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_35d300fb50ab7c48 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_3b68a2a74e2e985b (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_5f3c4f8580d392e4 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_7bc8d7524d384857 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.position_fe81f9390ffe3dc8 (
    dataset character varying(65535) NOT NULL,
    flow character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cursor character varying(65535),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_46A4EEBD20D8" CHECK ((octet_length((cursor)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.process_table (
    connection character varying(65535) NOT NULL,
    source_table character varying(65535) NOT NULL,
    target_schema character varying(65535),
    target_table character varying(65535),
    primary_key character varying(65535),
    create_key character varying(65535),
    update_key character varying(65535),
    enabled boolean DEFAULT true,
    last_sync_time timestamp with time zone,
    last_status character varying(65535),
    last_inserted bigint,
    last_updated bigint,
    last_deleted bigint,
    last_error character varying(65535),
    CONSTRAINT "standin_bytes_65535_0419E17F508C" CHECK ((octet_length((target_schema)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_24AAE2EF2203" CHECK ((octet_length((last_status)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_29269B3C398E" CHECK ((octet_length((primary_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_A09B1973F426" CHECK ((octet_length((create_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B38D9D168C3A" CHECK ((octet_length((connection)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B922F34E731B" CHECK ((octet_length((target_table)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_C3E48AE57983" CHECK ((octet_length((source_table)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_D659DF1FE11A" CHECK ((octet_length((update_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_E70BEEF6899A" CHECK ((octet_length((last_error)::text) <= 65535))
);
CREATE TABLE headrace.process_table_snapshot (
    connection character varying(65535) NOT NULL,
    source_table character varying(65535) NOT NULL,
    target_schema character varying(65535),
    target_table character varying(65535),
    primary_key character varying(65535),
    create_key character varying(65535),
    update_key character varying(65535),
    enabled boolean DEFAULT true,
    last_sync_time timestamp with time zone,
    last_status character varying(65535),
    last_inserted bigint,
    last_updated bigint,
    last_deleted bigint,
    last_error character varying(65535),
    snapshot_at timestamp with time zone NOT NULL,
    CONSTRAINT "standin_bytes_65535_0419E17F508C" CHECK ((octet_length((target_schema)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_24AAE2EF2203" CHECK ((octet_length((last_status)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_29269B3C398E" CHECK ((octet_length((primary_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_A09B1973F426" CHECK ((octet_length((create_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B38D9D168C3A" CHECK ((octet_length((connection)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B922F34E731B" CHECK ((octet_length((target_table)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_C3E48AE57983" CHECK ((octet_length((source_table)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_D659DF1FE11A" CHECK ((octet_length((update_key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_E70BEEF6899A" CHECK ((octet_length((last_error)::text) <= 65535))
);
CREATE TABLE headrace.published (
    load_id character varying(64) NOT NULL,
    flow character varying(65535) NOT NULL,
    dataset character varying(65535) NOT NULL,
    version character varying(65535) NOT NULL,
    generation bigint NOT NULL,
    operations bigint NOT NULL,
    committed_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone,
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_5CA4F3850CCC" CHECK ((octet_length((version)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.quarantine (
    id bigint NOT NULL,
    flow character varying(65535) NOT NULL,
    dataset character varying(65535) NOT NULL,
    schema_name character varying(65535),
    table_name character varying(65535),
    file character varying(65535) NOT NULL,
    sha256 character varying(64) NOT NULL,
    line bigint,
    "column" character varying(65535),
    value character varying(65535),
    reason character varying(65535) NOT NULL,
    "row" character varying(65535),
    operation character varying(64) NOT NULL,
    load_id character varying(64) NOT NULL,
    run_id character varying(64) NOT NULL,
    status character varying(64) NOT NULL,
    held_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolution character varying(65535),
    CONSTRAINT "standin_bytes_64_073C1634C496" CHECK ((octet_length((status)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_0CD01327D7AC" CHECK ((octet_length((run_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_5D5B09F6DCB2" CHECK ((octet_length((sha256)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_9BF5A24E4AA7" CHECK ((octet_length((operation)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_3B9C358F36F0" CHECK ((octet_length((file)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_634768DAE147" CHECK ((octet_length(("row")::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_881D5FB60090" CHECK ((octet_length(("column")::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_8FCFCCF675B1" CHECK ((octet_length((reason)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_CD42404D52AD" CHECK ((octet_length((value)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_F7FBD5853D11" CHECK ((octet_length((resolution)::text) <= 65535))
);
ALTER TABLE headrace.quarantine ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME headrace.quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE headrace.schemas (
    flow character varying(65535) NOT NULL,
    dataset character varying(65535) NOT NULL,
    schema_version character varying(65535) NOT NULL,
    key character varying(65535) NOT NULL,
    sha256 character varying(64) NOT NULL,
    document character varying(65535) NOT NULL,
    landed_at timestamp with time zone NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    load_id character varying(64) NOT NULL,
    generation bigint NOT NULL,
    CONSTRAINT "standin_bytes_64_5D5B09F6DCB2" CHECK ((octet_length((sha256)::text) <= 64)),
    CONSTRAINT "standin_bytes_64_90437B7CDBBC" CHECK ((octet_length((load_id)::text) <= 64)),
    CONSTRAINT "standin_bytes_65535_2C70E12B7A06" CHECK ((octet_length((key)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_3B21278178ED" CHECK ((octet_length((flow)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_43CC23FA52B8" CHECK ((octet_length((document)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_8C08B3C1C990" CHECK ((octet_length((schema_version)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_B277FD623676" CHECK ((octet_length((dataset)::text) <= 65535))
);
CREATE TABLE headrace.target_229bef95d946bcfb (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.target_2abd46f47c9612fd (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.target_42b2426a9e3bd1e9 (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.target_798259c988d9e9c5 (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.target_982ddac7ef5003ad (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE headrace.target_e74479a4efade58a (
    schema_name character varying(65535),
    table_name character varying(65535),
    CONSTRAINT "standin_bytes_65535_D19D265EE3DD" CHECK ((octet_length((schema_name)::text) <= 65535)),
    CONSTRAINT "standin_bytes_65535_ED6092C34141" CHECK ((octet_length((table_name)::text) <= 65535))
);
CREATE TABLE mill.wheels (
    id integer,
    name character varying(65535),
    CONSTRAINT "standin_bytes_65535_82A3537FF0DB" CHECK ((octet_length((name)::text) <= 65535))
);
CREATE TABLE raw.customers (
    id integer,
    name character varying(65535),
    updated_at timestamp with time zone,
    CONSTRAINT "standin_bytes_65535_82A3537FF0DB" CHECK ((octet_length((name)::text) <= 65535))
);
CREATE TABLE raw.items (
    id bigint,
    name character varying(65535),
    CONSTRAINT "standin_bytes_65535_82A3537FF0DB" CHECK ((octet_length((name)::text) <= 65535))
);
CREATE TABLE raw.orders (
    id integer,
    name character varying(65535),
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    CONSTRAINT "standin_bytes_65535_82A3537FF0DB" CHECK ((octet_length((name)::text) <= 65535))
);
CREATE TABLE raw.prices (
    id bigint,
    price numeric(10,2)
);
CREATE TABLE raw.stock (
    id bigint,
    name character varying(65535),
    CONSTRAINT "standin_bytes_65535_82A3537FF0DB" CHECK ((octet_length((name)::text) <= 65535))
);
INSERT INTO headrace.files VALUES ('inbox', 'inbox/mill/wheels', 'mill', 'wheels', 'inbox/mill/schema/wheels/1.json', 'schema', 136, '7178ac7b7c9ef046d9e0cb46530a4c09d7302386a1b2418926b19ce214d05b1f', 0, 0, '1', 'loaded', NULL, NULL, '88-8de6178a9725000.0-8df4e954d304382.beee2fb-b20e74', '2026-02-01 10:00:00+00', '2026-11-30 03:52:14.307728+00', '2026-11-30 03:52:14.307728+00', 'l_01m8n99t5jf7ermv6p24bhkd0a', 1, NULL, NULL);
INSERT INTO headrace.files VALUES ('stock', 'stock/eu', 'raw', 'stock', 'stock/eu/1.csv', 'load', 14, '6ce3439da00998c98347de9818a2ab2b6d84a0d69b7d2bb268ff264243bc292b', 1, 0, NULL, 'loaded', NULL, NULL, 'e-8de6178a9725000.0-8df4e954d000bc2.34b3e5fb-b20e6a', '2026-02-01 10:00:00+00', '2026-11-30 03:52:15.024765+00', '2026-11-30 03:52:15.024765+00', 'l_01m8n99twxfdya09252pbw8zzs', 1, NULL, NULL);
INSERT INTO headrace.files VALUES ('prices', 'prices', 'raw', 'prices', 'prices/1.csv', 'load', 20, 'dff9b5b68fe7b8c3c091afd38150ab5c9a015ec7d565640cd997e8a05b637116', 1, 1, NULL, 'loaded', NULL, NULL, '14-8de6178a9725000.0-8df4e954cf165c2.2efb0dfb-b20e67', '2026-02-01 10:00:00+00', '2026-11-30 03:52:15.098161+00', '2026-11-30 03:52:15.098161+00', 'l_01m8n99tx0eqmt1swx6y9y080s', 1, NULL, NULL);
INSERT INTO headrace.files VALUES ('items', 'items', 'raw', 'items', 'items/v1/1.csv', 'load', 16, '3f8a135153d78d528143f8a854e4f310bff7deebe597939344b0c1747d0bb987', 2, 0, NULL, 'loaded', NULL, NULL, '10-8de6178a9725000.0-8df4e954d219d82.6360afb-b20e6f', '2026-02-01 10:00:00+00', '2026-11-30 03:52:15.632925+00', '2026-11-30 03:52:15.632925+00', 'l_01m8n99v08ej29ejp481jn0xvk', 1, 'v1', 1);
INSERT INTO headrace.files VALUES ('inbox', 'inbox/mill/wheels', 'mill', 'wheels', 'inbox/mill/append/wheels/1.csv', 'append', 14, '9bd6d3167691d841321f1fce9c240388716393110ea0ea0304bb731f37d40bd4', 1, 0, '1', 'loaded', NULL, NULL, 'e-8de6178cd359600.0-8df4e954d3a0782.fbf72fb-b20e77', '2026-02-01 10:01:00+00', '2026-11-30 03:52:15.72127+00', '2026-11-30 03:52:15.72127+00', 'l_01m8n99x5revg90j7a7nkxwvjt', 2, NULL, NULL);
INSERT INTO headrace.files VALUES ('stock', 'stock/us', 'raw', 'stock', 'stock/us/1.csv', 'load', 14, '3b59b71a26deb6232a2478768ec260b7cddee4060b4131b1c0f3f469b7359b41', 1, 0, NULL, 'loaded', NULL, NULL, 'e-8de6178a9725000.0-8df4e954d11bf02.320fb-b20e6c', '2026-02-01 10:00:00+00', '2026-11-30 03:52:17.538423+00', '2026-11-30 03:52:17.538423+00', 'l_01m8n99zb6e7ebgczfqc1gqk2v', 1, NULL, NULL);
INSERT INTO headrace.files VALUES ('items', 'items', 'raw', 'items', 'items/v2/1.csv', 'load', 16, 'b3d9571f8aa3964a14da6a162e920214dee8319bcdb41c1f4916bc1dc09c4619', 2, 0, NULL, 'loaded', NULL, NULL, '10-8de6241d3dc1000.0-8df4e9554adfd02.2dc9e0fb-b20e96', '2026-02-02 10:00:00+00', '2026-11-30 03:52:23.400946+00', '2026-11-30 03:52:23.400946+00', 'l_01m8n9a48effyaa3zr9k6qtp34', 2, 'v2', 1);
INSERT INTO headrace.loads VALUES ('l_01m8n99t5jf7ermv6p24bhkd0a', 'r_01m8n99st3fgbv3dckwks709r5', 'inbox', 'inbox/mill/wheels', 'mill', 'wheels', 1, 'schema', 1, 0, 0, 0, 0, 0, '2026-11-30 03:52:14.346436+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99twxfdya09252pbw8zzs', 'r_01m8n99st2fp79gcrmfzqk4a9h', 'stock', 'stock/eu', 'raw', 'stock', 1, 'merge', 1, 1, 0, 0, 0, 0, '2026-11-30 03:52:15.056513+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99tx0eqmt1swx6y9y080s', 'r_01m8n99st1fzr93sy27zpmbd9f', 'prices', 'prices', 'raw', 'prices', 1, 'append', 1, 1, 0, 0, 0, 1, '2026-11-30 03:52:15.151091+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99v08ej29ejp481jn0xvk', 'r_01m8n99st2ef3ba06g46hj3t2h', 'items', 'items', 'raw', 'items', 1, 'changes', 1, 2, 0, 0, 0, 0, '2026-11-30 03:52:15.685093+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99x5revg90j7a7nkxwvjt', 'r_01m8n99st3fgbv3dckwks709r5', 'inbox', 'inbox/mill/wheels', 'mill', 'wheels', 2, 'append', 1, 1, 0, 0, 0, 0, '2026-11-30 03:52:15.811591+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99yp8fy3a66zrzrxr5h2m', 'r_01m8n99xz6f2trv4nv5aprya9b', 'orders', 'orders', 'raw', 'orders', 1, 'merge', 1, 5, 0, 0, 0, 0, '2026-11-30 03:52:17.250965+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99yp9e7fsdawxafv9thxy', 'r_01m8n99y0wf5wa9ykv9qktcwaj', 'listed', 'listed/public.customers', 'raw', 'customers', 1, 'merge', 1, 2, 0, 0, 0, 0, '2026-11-30 03:52:17.452856+00');
INSERT INTO headrace.loads VALUES ('l_01m8n99zb6e7ebgczfqc1gqk2v', 'r_01m8n99st2ea4vmjjnsyn8wf20', 'stock', 'stock/us', 'raw', 'stock', 1, 'merge', 1, 1, 0, 0, 0, 0, '2026-11-30 03:52:17.550006+00');
INSERT INTO headrace.loads VALUES ('l_01m8n9a48effyaa3zr9k6qtp34', 'r_01m8n9a30mfxmbxr9fetytsby3', 'items', 'items', 'raw', 'items', 2, 'changes', 1, 1, 1, 1, 0, 0, '2026-11-30 03:52:23.436794+00');
INSERT INTO headrace.position_1c168adb00d208e4 VALUES ('orders', 'orders', 1, 'l_01m8n99yp8fy3a66zrzrxr5h2m', 'r_01m8n99xz6f2trv4nv5aprya9b', '2026-11-30 03:52:16.874799+00', '{"source":"7713807192399686629/16384/16387","updated":"2026-11-30 03:52:14.039943\u002B00","created":"2026-11-30 03:52:14.039943\u002B00","promise":"horizon"}');
INSERT INTO headrace.position_33d72b74a15e4772 VALUES ('inbox/mill/wheels', 'inbox', 2, 'l_01m8n99x5revg90j7a7nkxwvjt', 'r_01m8n99st3fgbv3dckwks709r5', '2026-11-30 03:52:15.166247+00', NULL);
INSERT INTO headrace.position_35d300fb50ab7c48 VALUES ('stock/us', 'stock', 1, 'l_01m8n99zb6e7ebgczfqc1gqk2v', 'r_01m8n99st2ea4vmjjnsyn8wf20', '2026-11-30 03:52:17.261543+00', NULL);
INSERT INTO headrace.position_3b68a2a74e2e985b VALUES ('listed/public.customers', 'listed', 1, 'l_01m8n99yp9e7fsdawxafv9thxy', 'r_01m8n99y0wf5wa9ykv9qktcwaj', '2026-11-30 03:52:16.911757+00', '{"source":"7713807192399686629/16384/16394","updated":"2026-11-30 03:52:14.065172\u002B00","promise":"horizon"}');
INSERT INTO headrace.position_5f3c4f8580d392e4 VALUES ('items', 'items', 2, 'l_01m8n9a48effyaa3zr9k6qtp34', 'r_01m8n9a30mfxmbxr9fetytsby3', '2026-11-30 03:52:22.865517+00', NULL);
INSERT INTO headrace.position_7bc8d7524d384857 VALUES ('stock/eu', 'stock', 1, 'l_01m8n99twxfdya09252pbw8zzs', 'r_01m8n99st2fp79gcrmfzqk4a9h', '2026-11-30 03:52:14.16164+00', NULL);
INSERT INTO headrace.position_fe81f9390ffe3dc8 VALUES ('prices', 'prices', 1, 'l_01m8n99tx0eqmt1swx6y9y080s', 'r_01m8n99st1fzr93sy27zpmbd9f', '2026-11-30 03:52:14.429833+00', NULL);
INSERT INTO headrace.process_table VALUES ('shop', 'public.customers', NULL, NULL, 'id', NULL, 'updated_at', true, '2026-11-30 03:52:18.08965+00', 'loaded', 2, 0, 0, NULL);
INSERT INTO headrace.process_table_snapshot VALUES ('shop', 'public.customers', NULL, NULL, 'id', NULL, 'updated_at', true, '2026-11-30 03:52:18.08965+00', 'loaded', 2, 0, 0, NULL, '2026-11-30 03:52:18.08965+00');
INSERT INTO headrace.published VALUES ('l_01m8n99v08ej29ejp481jn0xvk', 'items', 'items', 'v1', 1, 2, '2026-11-30 03:52:15.664263+00', '2026-11-30 03:52:16.010298+00');
INSERT INTO headrace.published VALUES ('l_01m8n9a48effyaa3zr9k6qtp34', 'items', 'items', 'v2', 2, 3, '2026-11-30 03:52:23.429571+00', NULL);
INSERT INTO headrace.quarantine VALUES (1, 'prices', 'prices', 'raw', 'prices', 'prices/1.csv', 'dff9b5b68fe7b8c3c091afd38150ab5c9a015ec7d565640cd997e8a05b637116', 3, 'price', 'x', '''x'' is no decimal(10,2)', '{"id":"2","price":"x"}', 'append', 'l_01m8n99tx0eqmt1swx6y9y080s', 'r_01m8n99st1fzr93sy27zpmbd9f', 'waiting', '2026-11-30 03:52:13.783436+00', NULL, NULL);
INSERT INTO headrace.schemas VALUES ('inbox', 'inbox/mill/wheels', '1', 'inbox/mill/schema/wheels/1.json', '7178ac7b7c9ef046d9e0cb46530a4c09d7302386a1b2418926b19ce214d05b1f', '{"schema_version":1,"columns":[{"name":"id","type":"integer"},{"name":"name","type":"text"}],"allowed_operations":["append","truncate"]}', '2026-02-01 10:00:00+00', '2026-11-30 03:52:14.07355+00', 'l_01m8n99t5jf7ermv6p24bhkd0a', 1);
INSERT INTO mill.wheels VALUES (1, 'big');
INSERT INTO raw.customers VALUES (1, 'Ann', '2026-01-03 00:00:00+00');
INSERT INTO raw.customers VALUES (2, 'Ben', '2026-01-03 00:00:00+00');
INSERT INTO raw.items VALUES (1, 'A');
INSERT INTO raw.items VALUES (3, 'c');
INSERT INTO raw.orders VALUES (1, 'order 1', '2026-01-01 01:00:00+00', '2026-01-02 01:00:00+00');
INSERT INTO raw.orders VALUES (2, 'order 2', '2026-01-01 02:00:00+00', '2026-01-02 02:00:00+00');
INSERT INTO raw.orders VALUES (3, 'order 3', '2026-01-01 03:00:00+00', '2026-01-02 03:00:00+00');
INSERT INTO raw.orders VALUES (4, 'order 4', '2026-01-01 04:00:00+00', '2026-01-02 04:00:00+00');
INSERT INTO raw.orders VALUES (5, 'order 5', '2026-01-01 05:00:00+00', '2026-01-02 05:00:00+00');
INSERT INTO raw.prices VALUES (1, 1.50);
INSERT INTO raw.stock VALUES (1, 'one');
INSERT INTO raw.stock VALUES (2, 'two');
SELECT pg_catalog.setval('headrace.quarantine_id_seq', 1, true);
