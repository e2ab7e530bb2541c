using System.Globalization;
using Headrace.Engines;
using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.Tests.Sqlite;

/// <summary>
/// How SQLite says things. It has no schemas: a user's table has the schema in its name, and Headrace's own tables are
/// in a second database that is attached as <c>headrace</c>. It has five types of values: a time is a text in UTC, a
/// decimal is a text, a boolean is 0 or 1.
/// </summary>
internal sealed class SqliteDialect : SqlDialect
{
    public static readonly SqliteDialect Instance = new();

    public static readonly CsvLayout Layout = new("", @"\x");

    // SQLite takes a column whose type is called so for texts, and changes none of them.
    private const string AsText = "text ";

    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.";

    public override StateDialect State { get; } = new OwnTables();

    public override string Identifier(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return $"\"{Whole(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    public override string Literal(DateTimeOffset time) => $"'{Written(time)}'";

    public override string Qualified(TableName name) => Identifier(name.ToString());

    public override string JsonValue(string row, string key) => $"({row} ->> {key})";

    public override string TypeName(ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Boolean
            or TypeKind.SmallInt
            or TypeKind.Integer
            or TypeKind.BigInt
            or TypeKind.Real
            or TypeKind.Double
            or TypeKind.Text
            or TypeKind.Bytes => type.ToString(),
            _ => AsText + type,
        };

    /// <summary>The column type of a table's column; null for one that Headrace does not make.</summary>
    public static ColumnType? Parse(string typeName) =>
        ColumnType.TryParse(
            typeName.StartsWith(AsText, StringComparison.Ordinal) ? typeName[AsText.Length..] : typeName,
            out var type
        )
            ? type
            : null;

    // Every schema is there.
    public override string CountSchemas(string schema) => "SELECT 1";

    public override string AddKey(TableName target, IEnumerable<string> keys) =>
        $"CREATE UNIQUE INDEX {Identifier($"{target} key")} ON {Qualified(target)} ({Names(keys)})";

    public override HeadraceException? Refusal(string address, TableName target, Column? has, Column wanted) =>
        has is null
            ? wanted.Nullable
                ? null
                : Cannot(address, $"adds no column '{wanted.Name}' that takes no NULL")
            : has.Type == wanted.Type && has.Nullable == wanted.Nullable
                ? null
                : Cannot(address, $"does not change the column '{has.Name}'");

    /// <summary>A time as columns have it, by which times are ordered as texts are.</summary>
    public static string Written(DateTimeOffset time) =>
        time.UtcDateTime.ToString($"{TimeFormat}ffffff+00", CultureInfo.InvariantCulture);

    /// <summary>The time of a text of SQLite or of the engine; null for one beyond those of .NET.</summary>
    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(
            text,
            $"{TimeFormat}FFFFFFzz",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time
        )
            ? time
            : null;

    private static HeadraceException Cannot(string address, string what) =>
        Error.Warehouse(address, $"SQLite {what}", null);

    private static string Whole(string text) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new ArgumentException("The text has a NUL.", nameof(text))
            : text;

    private sealed class OwnTables : StateDialect
    {
        public override string Database => "SQLite";

        public override string Now => "strftime('%Y-%m-%d %H:%M:%f000+00', 'now')";

        public override string Literal(string text) => $"'{Whole(text).Replace("'", "''", StringComparison.Ordinal)}'";

        public override string Type(StateType type) =>
            type switch
            {
                StateType.Number or StateType.Counter => "bigint",
                StateType.Flag => "boolean",
                _ => "text",
            };
    }
}

/// <summary>
/// One process has the database, and a transaction is alone in it from its beginning: nothing more is to be locked.
/// </summary>
internal sealed class SqliteConcurrency(string address) : IConcurrency
{
    private static readonly SqlDialect Dialect = SqliteDialect.Instance;

    public async Task<bool> ExistAsync(SqlSession db, CancellationToken cancel) =>
        await db.NumberAsync("SELECT count(*) FROM headrace.sqlite_master WHERE name = 'meta'", cancel) > 0
        && await WarehouseStore.VersionAsync(db, Dialect, cancel) is { } found
        && WarehouseState.Steps.IsCurrent(found, address);

    public async Task EnsureAsync(SqlSession db, Dataset? dataset, TableName? target, CancellationToken cancel)
    {
        if (await ExistAsync(db, cancel))
            return;
        await db.BeginAsync(cancel);
        try
        {
            foreach (var statement in WarehouseState.Steps.Migration(Dialect.State, 0))
                await db.ExecuteAsync(statement, cancel);
            await db.CommitAsync(cancel);
        }
        finally
        {
            await db.RollbackAsync();
        }
    }

    public Task LockAsync(SqlSession db, Dataset dataset, CancellationToken cancel) => Task.CompletedTask;

    public Task LockAsync(SqlSession db, TableName target, CancellationToken cancel) => Task.CompletedTask;
}
