using System.Formats.Tar;
using System.IO.Compression;
using Headrace.Tests.Conformance;
using Headrace.Tests.House;
using Headrace.Tests.Tables;

namespace Headrace.Tests.State;

/// <summary>
/// A project as release 0.1.0 left it: files that were appended, merged from two regions, compared and published,
/// dropped; a table with a cursor, a listed table, a row in quarantine. It was killed when the second export was
/// committed and not yet published.
/// </summary>
public abstract class Release010(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    protected const string Prices =
        """prices: { source: { connection: lake, path: "prices/*.csv" }, columns: { id: bigint, """
        + """price: "decimal(10,2)" }, read: incremental, write: append }""";
    protected const string Stock =
        """stock: { source: { connection: lake, path: "stock/{region}/*.csv" }, columns: { id: bigint, """
        + "name: text }, read: incremental, write: merge, primary_key: id }";
    protected const string Items =
        """items: { source: { connection: lake, path: "items/{version}/*" }, columns: { id: bigint, """
        + "name: text }, read: snapshot, primary_key: id, write: merge, publish: { connection: ops } }";
    protected const string Inbox =
        """inbox: { source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }, read: drop, """
        + """target: { schema: "{database}", table: "{table}" } }""";

    private static string Folder => Path.Combine(Repository.Root, "tests/Headrace.Tests/State/release-0.1.0");

    /// <summary>The tables of positions.</summary>
    protected async Task<string> Positions() =>
        Kind != WarehouseKind.Redshift
            ? "headrace.positions"
            : "("
                + string.Join(
                    " UNION ALL ",
                    (
                        await Rows(
                            """
                            SELECT tablename FROM pg_tables
                            WHERE schemaname = 'headrace' AND tablename LIKE 'position@_%' ESCAPE '@'
                            """
                        )
                    ).Select(name => $"SELECT * FROM headrace.{name}")
                )
                + ")";

    /// <summary>Puts the project and its warehouse there.</summary>
    protected async Task Restore(params string[] flows)
    {
        await Flows(flows);
        var name = Kind.ToString().ToLowerInvariant();
        await using (
            var packed = new GZipStream(
                File.OpenRead(Path.Combine(Folder, $"{name}.tar.gz")),
                CompressionMode.Decompress
            )
        )
            await TarFile.ExtractToDirectoryAsync(packed, World.Folder, overwriteFiles: true, Cancel);
        if (Kind != WarehouseKind.DuckDb)
            await Alter(await File.ReadAllTextAsync(Path.Combine(Folder, $"{name}.sql"), Cancel));
        if (Kind == WarehouseKind.Postgres)
            World.Configuration(
                File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml")) + "\nledger: { connection: warehouse }\n"
            );
    }
}
