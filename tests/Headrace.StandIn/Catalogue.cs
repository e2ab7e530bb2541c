namespace Headrace.StandIn;

/// <summary>Redshift's system views and functions, made in a database the first time a client names it.</summary>
public static class Catalogue
{
    public const string Sql = """
        SELECT pg_advisory_xact_lock(7077467);
        SET allow_system_table_mods = on;
        CREATE SCHEMA IF NOT EXISTS redshift_standin;
        GRANT USAGE ON SCHEMA redshift_standin TO PUBLIC;
        DO $$ BEGIN
          IF to_regtype('pg_catalog.super') IS NULL THEN
            CREATE DOMAIN pg_catalog.super AS jsonb;
            CREATE DOMAIN pg_catalog.varbyte AS bytea;
          END IF;
        END $$;
        CREATE TABLE IF NOT EXISTS redshift_standin.load_errors
          (query_id bigint, table_name text, file_name text, line_number bigint, column_name text, column_type text,
              column_length bigint, error_code int, error_message text, raw_line text,
           start_time timestamp DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
               session_id int DEFAULT pg_backend_pid());

        CREATE OR REPLACE FUNCTION redshift_standin.version() RETURNS varchar LANGUAGE sql STABLE AS
          $$ SELECT
              'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.77467'::varchar $$;
        CREATE OR REPLACE FUNCTION redshift_standin.concat(text, text) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$
            SELECT ($1 || $2)::varchar $$;
        CREATE OR REPLACE FUNCTION redshift_standin.pg_last_copy_id() RETURNS integer LANGUAGE sql STABLE AS
          $$ SELECT coalesce(nullif(current_setting('standin.copy_id', true), ''), '-1')::int $$;
        CREATE OR REPLACE FUNCTION redshift_standin.pg_last_copy_count() RETURNS bigint LANGUAGE sql STABLE AS
          $$ SELECT coalesce(nullif(current_setting('standin.copy_count', true), ''), '0')::bigint $$;
        CREATE OR REPLACE FUNCTION redshift_standin.pg_last_unload_count() RETURNS bigint LANGUAGE sql STABLE AS
          $$ SELECT coalesce(nullif(current_setting('standin.unload_count', true), ''), '0')::bigint $$;
        CREATE OR REPLACE FUNCTION redshift_standin.current_namespace() RETURNS varchar LANGUAGE sql STABLE AS $$
            SELECT system_identifier::varchar FROM pg_control_system() $$;
        CREATE OR REPLACE FUNCTION redshift_standin.write_lock(relation text) RETURNS void LANGUAGE plpgsql AS $$
          BEGIN
            IF to_regclass(relation) IS NOT NULL AND (SELECT relkind = 'r' FROM pg_class
                WHERE oid = to_regclass(relation)) THEN
              EXECUTE 'LOCK TABLE ' || relation || ' IN SHARE ROW EXCLUSIVE MODE';
            END IF;
          END $$;
        CREATE OR REPLACE FUNCTION redshift_standin.json_parse(text) RETURNS pg_catalog.super
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::jsonb $$;
        CREATE OR REPLACE FUNCTION redshift_standin.json_serialize(jsonb) RETURNS varchar
            LANGUAGE sql IMMUTABLE STRICT AS $$
          SELECT CASE jsonb_typeof($1)
            WHEN 'object' THEN '{' || coalesce((SELECT string_agg(to_json(key)::text || ':'
                || redshift_standin.json_serialize(value), ',') FROM jsonb_each($1)), '') || '}'
            WHEN 'array' THEN '[' || coalesce((SELECT string_agg(redshift_standin.json_serialize(value), ','
                ORDER BY n) FROM jsonb_array_elements($1) WITH ORDINALITY AS e(value, n)), '') || ']'
            ELSE $1::text END $$;
        CREATE OR REPLACE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE AS $$
            SELECT statement_timestamp() AT TIME ZONE 'UTC' $$;
        CREATE OR REPLACE FUNCTION pg_catalog.len(text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$
            SELECT char_length($1) $$;
        CREATE OR REPLACE FUNCTION pg_catalog.sha2(text, integer) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$
          SELECT encode(CASE $2 WHEN 224 THEN sha224(convert_to($1, 'UTF8')) WHEN 384
              THEN sha384(convert_to($1, 'UTF8')) WHEN 512 THEN sha512(convert_to($1, 'UTF8'))
              ELSE sha256(convert_to($1, 'UTF8')) END, 'hex')::varchar $$;
        CREATE OR REPLACE FUNCTION pg_catalog.from_hex(text) RETURNS pg_catalog.varbyte
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT decode($1, 'hex') $$;
        CREATE OR REPLACE FUNCTION pg_catalog.to_varbyte(text, text) RETURNS pg_catalog.varbyte
            LANGUAGE sql IMMUTABLE STRICT AS
          $$ SELECT CASE lower($2) WHEN 'hex' THEN decode($1, 'hex') WHEN 'base64' THEN decode($1, 'base64')
              ELSE convert_to($1, 'UTF8') END $$;
        CREATE OR REPLACE FUNCTION pg_catalog.from_varbyte(bytea, text) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS
          $$ SELECT CASE lower($2) WHEN 'hex' THEN encode($1, 'hex') WHEN 'base64' THEN encode($1, 'base64')
              ELSE convert_from($1, 'UTF8') END::varchar $$;
        CREATE OR REPLACE FUNCTION pg_catalog.to_hex(bytea) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS $$
            SELECT encode($1, 'hex')::varchar $$;

        CREATE OR REPLACE FUNCTION redshift_standin.json_extract_path_text(text, VARIADIC text[]) RETURNS varchar
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT json_extract_path_text($1::json, VARIADIC $2)::varchar $$;
        CREATE OR REPLACE FUNCTION redshift_standin.json_typeof(jsonb) RETURNS varchar
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT jsonb_typeof($1)::varchar $$;
        CREATE OR REPLACE FUNCTION redshift_standin.dateadd(text, bigint, timestamp) RETURNS timestamp
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $3 + ($2 || ' ' || $1)::interval $$;
        CREATE OR REPLACE FUNCTION redshift_standin.datediff(unit text, from_ timestamp, to_ timestamp) RETURNS bigint
            LANGUAGE sql IMMUTABLE STRICT AS $$
          SELECT CASE WHEN rtrim(lower(unit), 's') IN ('year', 'month', 'quarter')
            THEN ((extract(year FROM to_) * 12 + extract(month FROM to_) - 1)::bigint / m - (extract(year
                FROM from_) * 12 + extract(month FROM from_) - 1)::bigint / m)
            ELSE (extract(epoch FROM date_trunc(unit, to_) - date_trunc(unit,
                from_)) * 1000000)::bigint / (extract(epoch FROM ('1 ' || unit)::interval) * 1000000)::bigint END
          FROM (SELECT CASE rtrim(lower(unit), 's') WHEN 'year' THEN 12 WHEN 'quarter' THEN 3 ELSE 1
              END AS m) AS months $$;
        CREATE OR REPLACE FUNCTION redshift_standin.convert_timezone(text, text, timestamp) RETURNS timestamp
            LANGUAGE sql STABLE STRICT AS $$ SELECT $3 AT TIME ZONE $1 AT TIME ZONE $2 $$;
        CREATE OR REPLACE FUNCTION redshift_standin.charindex(text, text) RETURNS integer
            LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT strpos($2, $1) $$;
        CREATE OR REPLACE FUNCTION redshift_standin.row_count(relation oid) RETURNS bigint LANGUAGE plpgsql AS $$
          DECLARE rows bigint;
          BEGIN
            EXECUTE 'SELECT count(*) FROM ' || relation::regclass INTO rows;
            RETURN rows;
          END $$;
        DO $$ BEGIN
          CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA redshift_standin;
          CREATE OR REPLACE FUNCTION redshift_standin.func_sha1(text) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT
              AS $f$ SELECT encode(redshift_standin.digest($1, 'sha1'), 'hex')::varchar $f$;
        EXCEPTION WHEN OTHERS THEN NULL;
        END $$;

        CREATE OR REPLACE VIEW redshift_standin.pg_constraint AS
          SELECT oid, conname, connamespace, CASE WHEN conname LIKE 'standin!_primary!_%' ESCAPE '!' THEN 'p'::"char"
              ELSE contype END AS contype, conrelid, conkey
          FROM pg_catalog.pg_constraint WHERE conname NOT LIKE 'standin!_bytes!_%' ESCAPE '!';
        CREATE OR REPLACE FUNCTION redshift_standin.pg_get_constraintdef(oid) RETURNS text LANGUAGE sql STABLE AS $$
          SELECT CASE WHEN conname LIKE 'standin!_primary!_%' ESCAPE '!'
            THEN 'PRIMARY KEY (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
                FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = k.number) || ')'
            ELSE pg_catalog.pg_get_constraintdef(oid) END FROM pg_catalog.pg_constraint WHERE oid = $1 $$;

        CREATE OR REPLACE VIEW pg_catalog.svv_columns AS
          SELECT current_database()::varchar(128) AS table_catalog, n.nspname::varchar(128) AS table_schema,
              c.relname::varchar(128) AS table_name, a.attname::varchar(128) AS column_name,
                 a.attnum::int AS ordinal_position, (CASE a.attidentity WHEN 'a' THEN '"identity"(' || c.oid
                     || ', 0, ''1,1''::text)' WHEN 'd' THEN '"default_identity"(' || c.oid || ', 0, ''1,1''::text)'
                     ELSE pg_get_expr(d.adbin, d.adrelid) END)::varchar(4000) AS column_default, CASE
                     WHEN a.attnotnull THEN 'NO' ELSE 'YES' END::varchar(3) AS is_nullable,
                 CASE t.typname WHEN 'super' THEN 'super' WHEN 'varbyte' THEN 'binary varying'
                     WHEN 'text' THEN 'character varying' WHEN 'name' THEN 'character varying'
                     ELSE format_type(a.atttypid, NULL) END::varchar(128) AS data_type,
                 CASE WHEN t.typname IN ('varchar', 'bpchar', 'varbyte', 'text')
                     THEN coalesce(substring(k.conname::text from 'standin_bytes_([0-9]+)_')::int, CASE
                     WHEN a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 65535 END) END AS character_maximum_length,
                 CASE t.typname WHEN 'numeric' THEN CASE WHEN a.atttypmod > 0 THEN ((a.atttypmod - 4) >> 16) & 65535
                     ELSE 38 END WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 WHEN 'float4' THEN 24
                     WHEN 'float8' THEN 53 END AS numeric_precision,
                 CASE WHEN t.typname = 'numeric' THEN 10 WHEN t.typname IN ('int2', 'int4', 'int8', 'float4', 'float8')
                     THEN 2 END AS numeric_precision_radix,
                 CASE WHEN t.typname = 'numeric' THEN CASE WHEN a.atttypmod > 0 THEN (a.atttypmod - 4) & 65535
                     ELSE 0 END WHEN t.typname IN ('int2', 'int4', 'int8') THEN 0 END AS numeric_scale,
                 CASE WHEN t.typname IN ('timestamp', 'timestamptz', 'time', 'timetz') THEN 6 END AS datetime_precision,
                 NULL::varchar AS interval_type, NULL::varchar AS interval_precision,
                     NULL::varchar AS character_set_catalog, NULL::varchar AS character_set_schema,
                     NULL::varchar AS character_set_name,
                 NULL::varchar AS collation_catalog, NULL::varchar AS collation_schema,
                     NULL::varchar AS collation_name, NULL::varchar AS domain_name, NULL::varchar AS remarks
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a
              ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type AS t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
          LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum]
              AND k.conname LIKE 'standin!_bytes!_%' ESCAPE '!'
          WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('redshift_standin', 'pg_toast');
        CREATE OR REPLACE VIEW pg_catalog.svv_tables AS
          SELECT current_database()::varchar(128) AS table_catalog, n.nspname::varchar(128) AS table_schema,
              c.relname::varchar(128) AS table_name,
                 CASE WHEN c.relkind = 'v' THEN 'VIEW'
                     WHEN n.nspname LIKE 'pg!_temp!_%' ESCAPE '!' THEN 'LOCAL TEMPORARY'
                     ELSE 'BASE TABLE' END::varchar(128) AS table_type, NULL::varchar AS remarks
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('redshift_standin', 'pg_toast');
        CREATE OR REPLACE VIEW pg_catalog.pg_table_def AS
          SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname AS "column",
                 CASE t.typname WHEN 'super' THEN 'super' WHEN 'varbyte' THEN 'binary varying('
                     || coalesce(substring(k.conname::text from 'standin_bytes_([0-9]+)_'), '64000') || ')'
                     ELSE format_type(a.atttypid, a.atttypmod) END AS type,
                 'none'::varchar AS encoding, false AS distkey, 0 AS sortkey, a.attnotnull AS "notnull"
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a
              ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type AS t ON t.oid = a.atttypid
          LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum]
              AND k.conname LIKE 'standin!_bytes!_%' ESCAPE '!'
          WHERE c.relkind = 'r' AND n.nspname = ANY (current_schemas(true));
        CREATE OR REPLACE VIEW pg_catalog.svv_transactions AS
          SELECT usename::varchar(128) AS txn_owner, current_database()::varchar(128) AS txn_db,
              coalesce(s.backend_xid::text::bigint, 0) AS xid, s.pid, s.xact_start AT TIME ZONE 'UTC' AS txn_start,
                 l.mode::varchar AS lock_mode, CASE WHEN l.relation IS NULL THEN 'transactionid'
                     ELSE 'relation' END::varchar AS lockable_object_type, l.relation, l.granted
          FROM pg_stat_activity AS s JOIN pg_locks AS l ON l.pid = s.pid
              WHERE s.datname = current_database() AND s.xact_start IS NOT NULL;
        CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
          SELECT current_database()::text AS "database", n.nspname::text AS "schema", c.oid AS table_id,
              c.relname::text AS "table", 'N'::text AS encoded, 'AUTO(ALL)'::text AS diststyle,
              'AUTO(SORTKEY)'::text AS sortkey1,
                 greatest(pg_relation_size(c.oid) / 1048576, 1) AS size,
                     redshift_standin.row_count(c.oid)::numeric(38,0) AS tbl_rows
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r'
              AND n.nspname NOT IN ('redshift_standin', 'pg_catalog', 'information_schema', 'pg_toast')
              AND n.nspname NOT LIKE 'pg!_temp!_%' ESCAPE '!' AND redshift_standin.row_count(c.oid) > 0;
        CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
          SELECT 100 AS user_id, query_id, 0::bigint AS transaction_id, session_id, current_database()::varchar(64)
              AS database_name, 0 AS table_id, start_time, file_name::char(256), line_number, column_name::char(127),
                 left(column_type, 10)::char(10) AS column_type, column_length::text::char(10) AS column_length,
                     0 AS position, error_code, error_message::char(512)
          FROM redshift_standin.load_errors;
        CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS
          SELECT 100 AS userid, 0 AS slice, 0 AS tbl, start_time AS starttime, session_id AS session,
              query_id AS query, file_name::char(256) AS filename, line_number, column_name::char(127) AS colname,
                 left(column_type, 10)::char(10) AS type, column_length::text::char(10) AS col_length,
                     0 AS position, left(raw_line, 1024)::char(1024) AS raw_line, ''::char(1024) AS raw_field_value,
                     error_code AS err_code, left(error_message, 100)::char(100) AS err_reason
          FROM redshift_standin.load_errors;
        CREATE OR REPLACE VIEW pg_catalog.stv_db_isolation_level AS
          SELECT oid::int AS db_id, datname::char(128) AS db_name, CASE
              WHEN current_setting('standin.serializable', true) = 'on' THEN 'Serializable'
              ELSE 'Snapshot Isolation' END::char(20) AS isolation_level FROM pg_database;
        GRANT SELECT ON redshift_standin.pg_constraint, pg_catalog.stv_db_isolation_level, pg_catalog.svv_columns,
            pg_catalog.svv_tables, pg_catalog.pg_table_def, pg_catalog.svv_transactions, pg_catalog.svv_table_info,
            pg_catalog.sys_load_error_detail, pg_catalog.stl_load_errors TO PUBLIC;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA redshift_standin TO PUBLIC;
        """;

    /// <summary>Stands as the comment of the schema once a database has all of it.</summary>
    public static string Mark { get; } =
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Sql)));
}
