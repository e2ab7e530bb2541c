namespace Headrace;

public static partial class Error
{
    /// <summary>A dropped file's columns are not those of the table's schema document.</summary>
    public static HeadraceException ColumnsDiffer(string source, SchemaDocument schema, IReadOnlyList<string> found) =>
        new(
            "HDR-141",
            "The columns of the file are not those of the schema; nothing of the file was loaded.",
            Beginning(found, "mend the file, or drop a schema file with these columns; the file is loaded then")
        )
        {
            Facts = Facts(
                ("source", source),
                (
                    "schema",
                    $"version {schema.Version}: {string.Join(", ", schema.Columns.Select(column => column.Name))}"
                ),
                ("found", string.Join(", ", found))
            ),
        };

    /// <summary>A schema document cannot be read.</summary>
    public static HeadraceException BadSchemaDocument(string source, string found) =>
        new(
            "HDR-142",
            "The schema file is not a schema document; the table was not changed.",
            "write {\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\", "
                + "\"nullable\": false}]}"
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };

    /// <summary>The schema document does not allow the action of the file's path.</summary>
    public static HeadraceException ActionNotAllowed(string source, string action, SchemaDocument schema) =>
        new(
            "HDR-143",
            $"The schema does not allow '{action}' for this table; nothing of the file was loaded.",
            $"add \"{action}\" to allowed_operations, raise schema_version, and drop the schema file again; "
                + "the file is loaded then"
        )
        {
            Kind = ErrorKind.ActionNotAllowed,
            Facts = Facts(
                ("source", source),
                ("schema", $"version {schema.Version} allows {string.Join(", ", schema.AllowedOperations)}")
            ),
        };

    /// <summary>The target's schema is Headrace's or the database's own.</summary>
    public static HeadraceException ReservedSchema(TableName target, string dataset) =>
        new(
            "HDR-148",
            $"The schema '{target.Schema}' is not for users' tables; nothing was loaded.",
            "move the files to a folder of another name, or give the flow another target schema"
        )
        {
            Facts = Facts(("dataset", dataset), ("target", target)),
        };

    /// <summary>The table has no schema and the flow does not infer one.</summary>
    public static HeadraceException NoSchema(string source, string flow) =>
        new(
            "HDR-146",
            "The table has no schema and the flow does not infer one; nothing of the file was loaded.",
            "drop a schema file for the table, or set infer: true for the flow"
        )
        {
            Facts = Facts(("flow", flow), ("source", source)),
        };

    /// <summary>A schema document would lose data.</summary>
    public static HeadraceException SchemaLosesData(string source, string found) =>
        new(
            "HDR-147",
            "The schema would lose or break data that is in the table; the table was not changed.",
            "keep the column as it is, or copy what you need and drop the table first"
        )
        {
            Facts = Facts(("source", source), ("found", found)),
        };
}
