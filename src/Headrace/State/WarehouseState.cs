namespace Headrace.State;

/// <summary>
/// Headrace's own tables in a warehouse, schema <c>headrace</c>: every table and column, said once for every database,
/// as the steps that made them. A warehouse that an older Headrace made takes the steps that it lacks. A step of a
/// release never changes: what is new is a new step.
/// </summary>
public static class WarehouseState
{
    private const string Entry = """
        connection text!, source_table text!, target_schema text, target_table text, primary_key text,
        create_key text, update_key text, enabled flag=true, last_sync_time time, last_status text,
        last_inserted number, last_updated number, last_deleted number, last_error text
        """;

    /// <summary>All steps, the oldest first.</summary>
    public static readonly StateSteps Steps = new(
        [
            // As release 0.1.0 made them, which wrote no version down.
            new(
                1,
                [
                    // In Redshift each dataset has one of its own: a writer of a table waits there for the other
                    // writers of it.
                    new CreateTable(
                        "positions",
                        "dataset text!, flow text!, generation number!, load_id word!, run_id word!, "
                            + "updated_at time!, cursor text",
                        "dataset"
                    ),
                    new CreateTable(
                        "files",
                        """
                        flow text!, dataset text!, schema_name text, table_name text, key text!, action word!,
                        size number!, sha256 word, rows number!, quarantined number!, schema_version text,
                        outcome word!, note text, error_code word, stamp text!, landed_at time!, seen_at time!,
                        loaded_at time, load_id word, sequence counter!, version text, parts number
                        """
                    ),
                    new CreateIndex("files_dataset", "files", "dataset, sequence"),
                    new CreateTable(
                        "loads",
                        """
                        load_id word!, run_id word!, flow text!, dataset text!, schema_name text, table_name text,
                        generation number!, operation word!, files number!, inserted number!, updated number!,
                        deleted number!, unchanged number!, quarantined number!, committed_at time!
                        """
                    ),
                    new CreateIndex("loads_dataset", "loads", "dataset"),
                    new CreateTable(
                        "quarantine",
                        """
                        id counter!, flow text!, dataset text!, schema_name text, table_name text, file text!,
                        sha256 word, line number, "column" text, value text, reason text!, "row" text,
                        operation word!, load_id word!, run_id word!, status word!, held_at time!, resolved_at time,
                        resolution text
                        """
                    ),
                    new CreateIndex("quarantine_id", "quarantine", "id"),
                    new CreateIndex("quarantine_waiting", "quarantine", "dataset) WHERE (status = 'waiting'"),
                    new CreateTable(
                        "schemas",
                        """
                        flow text!, dataset text!, schema_version text!, key text!, sha256 word!, document text!,
                        landed_at time!, applied_at time!, load_id word!, sequence counter! -Redshift,
                        generation number! Redshift
                        """
                    ),
                    new CreateTable(
                        "published",
                        "load_id word!, flow text!, dataset text!, version text!, generation number!, "
                            + "operations number!, committed_at time!, published_at time"
                    ),
                    new CreateTable("process_table", Entry, "connection, source_table"),
                    new CreateTable("process_table_snapshot", $"{Entry}, snapshot_at time!"),
                ]
            ),
            // Release 0.1.0 asks for no version: what it asks first must fail, before it writes. That is flow of
            // published where operations may wait, and document of schemas for each position and for what verify
            // compares.
            new(
                2,
                [
                    new RenameTable("schemas", "schema_documents"),
                    new CreateView(
                        "schemas",
                        "SELECT CAST('the documents are in headrace.schema_documents' AS varchar(64)) AS note"
                    ),
                    new RenameColumn("published", "flow", "of_flow"),
                    new CreateTable(
                        "owners",
                        "schema_name text!, table_name text!, dataset text!, flow text!, way word!, "
                            + "is_alone flag!, since time!"
                    ),
                    new ChangeRows(
                        """
                        INSERT INTO {owners} (schema_name, table_name, dataset, flow, way, is_alone, since)
                        SELECT lower(schema_name), lower(table_name), dataset, max(flow),
                            CASE WHEN max(operation) = 'append' AND min(operation) = 'append'
                                THEN 'append' ELSE 'unknown' END,
                            CASE WHEN max(operation) = 'append' AND min(operation) = 'append' THEN false ELSE true END,
                            min(committed_at)
                        FROM {loads}
                        WHERE table_name IS NOT NULL AND table_name <> '' AND operation <> 'repair'
                        GROUP BY lower(schema_name), lower(table_name), dataset
                        """
                    ),
                    new CreateTable("meta", "version number!, written_by text!, written_at time!"),
                ]
            ),
            new(
                3,
                [
                    new CreateTable(
                        "checks",
                        """
                        load_id word!, run_id word!, flow text!, dataset text!, name text!, kind word!, scope word!,
                        on_fail word!, checked number!, failed number!, outcome word!, sample text, checked_at time!
                        """
                    ),
                ]
            ),
        ],
        "meta",
        Error.WarehouseNewer
    );
}
