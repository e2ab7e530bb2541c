using System.Globalization;
using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.Redshift;

/// <summary>How Redshift says things.</summary>
public sealed class RedshiftDialect : SqlDialect
{
    public static readonly RedshiftDialect Instance = new();

    public override StateDialect State { get; } = new OwnTables([]);

    public override bool HasRights => true;

    public override ValueLimits? Limits => RedshiftTypes.Limit;

    // Keys are not kept there.
    public override string OnConflictNothing => "";

    public override string SchemaOrder => "generation";

    // The identity of a row that COPY made says nothing of its place.
    public override string QuarantineOrder => "held_at, dataset, file, line, id";

    // A character has at most four bytes.
    public override int? LongestNote => RedshiftTypes.LongestText / 4;

    public override string Identifier(string name) => RedshiftSql.Identifier(name);

    public override string JsonValue(string row, string key) => $"json_extract_path_text({row}, {key})";

    public override string TypeName(ColumnType type) => RedshiftTypes.Name(type);

    public override void Check(TableName target, IEnumerable<string> names, IReadOnlyList<Column> columns) =>
        RedshiftTypes.Check(target, columns);

    public override string CountSchemas(string schema) =>
        $"SELECT count(*) FROM pg_namespace WHERE nspname = {Literal(schema.ToLowerInvariant())}";

    public override string CreateTable(
        TableName target,
        IReadOnlyList<(string Name, string Type)> columns,
        LoadRules rules
    )
    {
        string Known(string name) =>
            columns
                .Where(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(column => column.Name)
                .FirstOrDefault()
            ?? throw RedshiftError.LayoutColumnMissing(target, name, columns.Select(column => column.Name));
        var distribution = rules.Distribution switch
        {
            null => "",
            "auto" or "all" or "even" => $" DISTSTYLE {rules.Distribution.ToUpperInvariant()}",
            var column => $" DISTSTYLE KEY DISTKEY ({Identifier(Known(column))})",
        };
        return base.CreateTable(target, columns, rules)
            + distribution
            + (rules.Sort.Count == 0 ? "" : $" COMPOUND SORTKEY ({Names(rules.Sort.Select(Known))})");
    }

    /// <summary>
    /// In a transaction Redshift adds columns and changes none: of a varchar it changes the length, but commits.
    /// </summary>
    public override HeadraceException? Refusal(string address, TableName target, Column? has, Column wanted)
    {
        HeadraceException Cannot(string what, string? statement = null) =>
            RedshiftError.Cannot(address, target, what, statement);
        if (has is null)
            return wanted.Nullable
                ? null
                : Cannot($"add the column '{wanted.Name}', which takes no NULL, without a default");
        if (wanted.Type != has.Type)
            return Cannot($"make the column '{has.Name}', which is {has.Type}, a {wanted.Type}");
        if (has.Length is { } length && (has.Type.Kind == TypeKind.Text || length < RedshiftTypes.LongestBytes))
            return Cannot(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"lengthen the column '{has.Name}', which takes {length} bytes, in a transaction"
                ),
                has.Type.Kind == TypeKind.Text ? ChangeType(target, has, has.Type) : null
            );
        return wanted.Nullable == has.Nullable
            ? null
            : Cannot($"{(wanted.Nullable ? "allow" : "forbid")} NULL in the column '{has.Name}', which is there");
    }

    // Redshift takes texts that differ in blanks at their end for equal.
    public override string Same(string one, string other, ColumnType? type) =>
        IsText(type) ? $"{one} = {other} AND octet_length({one}) = octet_length({other})" : $"{one} = {other}";

    // It has no IS DISTINCT FROM.
    public override string Differ(string value, string own, TargetColumn column) =>
        $"({value} IS NULL AND {own} IS NOT NULL) OR ({value} IS NOT NULL AND {own} IS NULL) "
        + $"OR NOT ({Same(value, own, column.Type)})";

    public override string Tell(string value, ColumnType? type) =>
        IsText(type) ? $"{value}, octet_length({value})" : value;

    private static bool IsText(ColumnType? type) => type?.Kind is TypeKind.Text or TypeKind.Json;

    // It would be refused before; a binary column that takes the most bytes has a length all the same.
    public override bool IsLimited(Column column) => false;

    /// <summary>How Redshift says the changes of Headrace's own tables.</summary>
    /// <param name="names">The tables that are there: each dataset has one of its own for its position.</param>
    internal sealed class OwnTables(IReadOnlyCollection<string> names) : StateDialect
    {
        public override string Database => "Redshift";

        public override string Now => "getdate()";

        // To say keys would be no more than a hint.
        protected override bool HasKeys => false;

        public override string Literal(string text) => RedshiftSql.Literal(text);

        public override string Type(StateType type) =>
            type switch
            {
                StateType.Word => "varchar(64)",
                StateType.Number => "bigint",
                StateType.Flag => "boolean",
                StateType.Time => "timestamptz",
                StateType.Counter => "bigint GENERATED BY DEFAULT AS IDENTITY(1,1)",
                _ => "varchar(65535)",
            };

        protected override IReadOnlyList<string> TablesOf(string table) =>
            table == "positions"
                ? [.. names.Where(name => name.StartsWith("position_", StringComparison.Ordinal))]
                : [table];
    }
}
