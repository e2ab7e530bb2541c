using System.Globalization;
using System.Runtime.CompilerServices;
using Headrace.State;

namespace Headrace.Warehouses;

/// <summary>
/// How a database says things: quoting, types, tables and their changes, and what it can. Text only; it asks nothing.
/// </summary>
public abstract class SqlDialect
{
    /// <summary>How the database says the changes of Headrace's own tables.</summary>
    public abstract StateDialect State { get; }

    /// <summary>What the database asks of values beyond their types; null for nothing.</summary>
    public virtual ValueLimits? Limits => null;

    /// <summary>True where roles have rights, which are asked for by PostgreSQL's functions.</summary>
    public virtual bool HasRights => false;

    /// <summary>
    /// What an insertion ends with that passes over a row whose key is there; empty where keys are not kept.
    /// </summary>
    public virtual string OnConflictNothing => " ON CONFLICT DO NOTHING";

    /// <summary>The column of <c>headrace.schema_documents</c> that counts the documents of a dataset.</summary>
    public virtual string SchemaOrder => "sequence";

    /// <summary>
    /// The columns by which rows of <c>headrace.quarantine</c> come in the order in which they were set aside.
    /// </summary>
    public virtual string QuarantineOrder => "id";

    /// <summary>The most characters of a note that <c>headrace.files</c> and lists take; null for any number.</summary>
    public virtual int? LongestNote => null;

    /// <summary>A statement, with its values as literals.</summary>
    public string Sql([InterpolatedStringHandlerArgument("")] ref SqlText text) => text.ToString();

    /// <summary>A quoted identifier.</summary>
    /// <exception cref="ArgumentException">It is empty or has a NUL.</exception>
    public abstract string Identifier(string name);

    /// <summary>A text literal.</summary>
    public string Literal(string text) => State.Literal(text);

    /// <summary>A time with a zone, to the microsecond.</summary>
    public virtual string Literal(DateTimeOffset time) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"CAST('{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.ffffff}+00' AS timestamptz)"
        );

    /// <summary>A user's table, qualified and quoted.</summary>
    public virtual string Qualified(TableName name) => $"{Identifier(name.Schema)}.{Identifier(name.Table)}";

    /// <summary>Quoted identifiers with commas between them.</summary>
    public string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Identifier));

    /// <summary>The value of a key in the JSON text of a row, as text.</summary>
    /// <param name="row">The text, in SQL.</param>
    /// <param name="key">The key, as a literal.</param>
    public abstract string JsonValue(string row, string key);

    /// <summary>The condition that a regular expression is found in a text.</summary>
    public virtual string Matches(string text, string pattern) => $"{text} ~ {Literal(pattern)}";

    /// <summary>The condition that a value is one of a list, which is not empty.</summary>
    public virtual string IsOneOf(string value, IReadOnlyList<string> list) =>
        $"{value} IN ({string.Join(", ", list)})";

    /// <summary>The day that a text is written for, or NULL; null where the database cannot try that.</summary>
    public virtual string? DayOf(string text) => null;

    /// <summary>The name of a column's type.</summary>
    public abstract string TypeName(ColumnType type);

    /// <summary>
    /// True where the table takes rows as PostgreSQL writes them in binary, for columns of the same types.
    /// </summary>
    /// <param name="table">Null for one that is yet to be made.</param>
    public virtual bool TakesBinary(TargetTable? table) => false;

    /// <summary>Refuses names and types that the database would cut, change or not take.</summary>
    /// <param name="names">Of schema and table, where those are to be made.</param>
    /// <exception cref="HeadraceException">HDR-312 for a name that is too long, and what else the dialect
    /// has.</exception>
    public virtual void Check(TableName target, IEnumerable<string> names, IReadOnlyList<Column> columns) { }

    /// <summary>Counts the schemas of a name; null where a schema is made whenever a table is.</summary>
    public abstract string? CountSchemas(string schema);

    public virtual string CreateSchema(string schema) => $"CREATE SCHEMA IF NOT EXISTS {Identifier(schema)}";

    /// <param name="rules">What they say of distribution and order, where a database has those.</param>
    public string CreateTable(TableName target, IReadOnlyList<Column> columns, LoadRules rules) =>
        CreateTable(
            target,
            [
                .. columns.Select(column =>
                    (column.Name, $"{TypeName(column.Type)}{(column.Nullable ? "" : " NOT NULL")}")
                ),
            ],
            rules
        );

    /// <param name="columns">Names, unquoted, with types as statements write them.</param>
    /// <param name="rules">What they say of distribution and order, where a database has those.</param>
    public virtual string CreateTable(
        TableName target,
        IReadOnlyList<(string Name, string Type)> columns,
        LoadRules rules
    ) =>
        $"CREATE TABLE {Qualified(target)} "
        + $"({string.Join(", ", columns.Select(column => $"{Identifier(column.Name)} {column.Type}"))})";

    public string AddColumn(TableName target, Column column) => AddColumn(target, column.Name, TypeName(column.Type));

    /// <param name="type">As statements write it.</param>
    public string AddColumn(TableName target, string column, string type) =>
        $"ALTER TABLE {Qualified(target)} ADD COLUMN {Identifier(column)} {type}";

    public string DropColumn(TableName target, string column) =>
        $"ALTER TABLE {Qualified(target)} DROP COLUMN {Identifier(column)}";

    /// <summary>What has the names in a user's statement found; null where nothing is to be done for it.</summary>
    public virtual string? UserNames => null;

    /// <summary>Asks for the columns of a SELECT, which begins in the second line.</summary>
    public virtual string Describe(string select) => $"SELECT * FROM (\n{select}\n) AS q LIMIT 0";

    /// <summary>A temporary table by its name.</summary>
    public virtual string Temporary(string name) => name;

    /// <summary>Makes a temporary table of the rows of a query; it is gone after the load.</summary>
    public virtual string CreateTemporary(string name, string query) => $"CREATE TEMP TABLE {name} AS {query}";

    /// <summary>Has a table looked at that was just filled; null where the database does that itself.</summary>
    public virtual string? Analyze(string table) => null;

    /// <summary>The condition that two values of a key are the same; neither is NULL.</summary>
    public virtual string Same(string one, string other, ColumnType? type) => $"{one} = {other}";

    /// <summary>The condition that a value differs from that of a column; NULL is a value like others.</summary>
    public virtual string Differ(string value, string own, TargetColumn column) => $"{value} IS DISTINCT FROM {own}";

    /// <summary>A text that is compared byte by byte.</summary>
    public virtual string Bytes(string text) => text;

    /// <summary>What rows are grouped by to tell a value from all others.</summary>
    public virtual string Tell(string value, ColumnType? type) => value;

    /// <summary>Has a table keep the keys of its rows; null where that is not done.</summary>
    public virtual string? AddKey(TableName target, IEnumerable<string> keys) => null;

    /// <summary>True for a column that takes fewer values than its type; a schema document ends that.</summary>
    public virtual bool IsLimited(Column column) => column.Length is not null;

    public virtual string ChangeType(TableName target, Column column, ColumnType type) =>
        $"ALTER TABLE {Qualified(target)} ALTER COLUMN {Identifier(column.Name)} TYPE {TypeName(type)}";

    /// <summary>Why a column that is there cannot be what a schema document wants; null when it can.</summary>
    /// <param name="address">Where the warehouse is, for the error.</param>
    /// <param name="has">Null for a column that is to be added.</param>
    public virtual HeadraceException? Refusal(string address, TableName target, Column? has, Column wanted) => null;

    public string SetNotNull(TableName target, string column) =>
        $"ALTER TABLE {Qualified(target)} ALTER COLUMN {Identifier(column)} SET NOT NULL";

    public string DropNotNull(TableName target, string column) =>
        $"ALTER TABLE {Qualified(target)} ALTER COLUMN {Identifier(column)} DROP NOT NULL";

    public string Count(TableName target) => $"SELECT count(*) FROM {Qualified(target)}";

    /// <summary>A statement as somebody else writes it who has only the warehouse open.</summary>
    public virtual string Shown(string statement) => statement;
}
