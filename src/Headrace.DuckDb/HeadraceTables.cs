namespace Headrace.DuckDb;

/// <summary>Headrace's own tables in a DuckDB warehouse, schema <c>headrace</c>: positions, files, loads, quarantine, schemas.</summary>
internal static class HeadraceTables
{
    /// <summary>The name under which the warehouse's file is attached.</summary>
    public const string Catalog = "warehouse";

    /// <summary>A Headrace table, qualified.</summary>
    public static string Table(string name) => $"{Catalog}.headrace.{name}";

    /// <summary>A user's table, qualified and quoted.</summary>
    public static string Target(TableName name) => $"{Catalog}.{Sql.Identifier(name.Schema)}.{Sql.Identifier(name.Table)}";

    /// <summary>Creates what is missing.</summary>
    public const string Create = $"""
        CREATE SCHEMA IF NOT EXISTS {Catalog}.headrace;
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.positions (
            dataset VARCHAR PRIMARY KEY, flow VARCHAR NOT NULL, generation BIGINT NOT NULL, load_id VARCHAR NOT NULL,
            run_id VARCHAR NOT NULL, updated_at TIMESTAMPTZ NOT NULL, cursor VARCHAR);
        ALTER TABLE {Catalog}.headrace.positions ADD COLUMN IF NOT EXISTS cursor VARCHAR;
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.files (
            flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL, schema_name VARCHAR, table_name VARCHAR, key VARCHAR NOT NULL,
            action VARCHAR NOT NULL, size BIGINT NOT NULL, sha256 VARCHAR, rows BIGINT NOT NULL, quarantined BIGINT NOT NULL,
            schema_version VARCHAR, outcome VARCHAR NOT NULL, note VARCHAR, error_code VARCHAR, stamp VARCHAR NOT NULL,
            landed_at TIMESTAMPTZ NOT NULL, seen_at TIMESTAMPTZ NOT NULL, loaded_at TIMESTAMPTZ, load_id VARCHAR, sequence BIGINT NOT NULL,
            version VARCHAR, parts BIGINT);
        ALTER TABLE {Catalog}.headrace.files ADD COLUMN IF NOT EXISTS version VARCHAR;
        ALTER TABLE {Catalog}.headrace.files ADD COLUMN IF NOT EXISTS parts BIGINT;
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.loads (
            load_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL,
            schema_name VARCHAR, table_name VARCHAR, generation BIGINT NOT NULL, operation VARCHAR NOT NULL, files BIGINT NOT NULL,
            inserted BIGINT NOT NULL, updated BIGINT NOT NULL, deleted BIGINT NOT NULL, unchanged BIGINT NOT NULL,
            quarantined BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL);
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.quarantine (
            id BIGINT NOT NULL, flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL, schema_name VARCHAR, table_name VARCHAR,
            file VARCHAR NOT NULL, sha256 VARCHAR, line BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR NOT NULL,
            "row" VARCHAR, operation VARCHAR NOT NULL, load_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, status VARCHAR NOT NULL,
            held_at TIMESTAMPTZ NOT NULL, resolved_at TIMESTAMPTZ, resolution VARCHAR);
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.schemas (
            flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL, schema_version VARCHAR NOT NULL, key VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
            document VARCHAR NOT NULL, landed_at TIMESTAMPTZ NOT NULL, applied_at TIMESTAMPTZ NOT NULL, load_id VARCHAR NOT NULL,
            sequence BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.published (
            load_id VARCHAR NOT NULL, flow VARCHAR NOT NULL, dataset VARCHAR NOT NULL, version VARCHAR NOT NULL, generation BIGINT NOT NULL,
            operations BIGINT NOT NULL, committed_at TIMESTAMPTZ NOT NULL, published_at TIMESTAMPTZ);
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.process_table (
            connection VARCHAR NOT NULL, source_table VARCHAR NOT NULL, target_schema VARCHAR, target_table VARCHAR, primary_key VARCHAR,
            create_key VARCHAR, update_key VARCHAR, enabled BOOLEAN DEFAULT true, last_sync_time TIMESTAMPTZ, last_status VARCHAR,
            last_inserted BIGINT, last_updated BIGINT, last_deleted BIGINT, last_error VARCHAR,
            PRIMARY KEY (connection, source_table));
        CREATE TABLE IF NOT EXISTS {Catalog}.headrace.process_table_snapshot (
            connection VARCHAR NOT NULL, source_table VARCHAR NOT NULL, target_schema VARCHAR, target_table VARCHAR, primary_key VARCHAR,
            create_key VARCHAR, update_key VARCHAR, enabled BOOLEAN DEFAULT true, last_sync_time TIMESTAMPTZ, last_status VARCHAR,
            last_inserted BIGINT, last_updated BIGINT, last_deleted BIGINT, last_error VARCHAR,
            snapshot_at TIMESTAMPTZ NOT NULL);
        """;
}
