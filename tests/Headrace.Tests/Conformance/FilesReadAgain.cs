using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Files of which nothing could be loaded, and files that are read again under other settings.</summary>
public abstract class FilesReadAgain(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Bad = "# made by tool\nid,name\n1,x\n2,y\n";

    private Task Stock(string csv, string more) =>
        Flows(
            $$"""stock: { source: { connection: lake, path: "stock/*.csv", csv: { {{csv}} } }, """
                + $$"""read: incremental, {{more}} }"""
        );

    private async Task<string> Verified()
    {
        var answer = await World.Run("verify", "--json");
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        return $"{one.GetProperty("missing")}{one.GetProperty("extra")}{one.GetProperty("different")} "
            + $"{one.GetProperty("rows_source")}/{one.GetProperty("rows_target")}";
    }

    [Fact]
    public async Task AFileOfWhichNothingCouldBeLoadedIsNoSuccessAndIsReadAgain()
    {
        await Stock("header: true", "write: append");
        World.Put("stock/1.csv", Bad, landedSecondsAgo: 900);
        var answer = await World.Run("run", "--json");
        Assert.Equal(
            (3, "stopped", "HDR-117", 3L),
            (answer.Exit, answer.Only.Outcome, answer.Only.Error, answer.Only["quarantined"])
        );
        Assert.Contains("comment", answer.Only.ErrorText, StringComparison.Ordinal);
        Assert.Contains("stock --accept stock/1.csv", answer.Only.ErrorText, StringComparison.Ordinal);
        Assert.Contains("wait in quarantine", (await World.Run("run")).Text, StringComparison.Ordinal);

        await Stock("skip: 1", "write: append");
        Assert.Equal("would_load 2", Planned(await World.Run("run", "--json", "--accept", "stock/1.csv")));
        Assert.Equal(["1|x", "2|y"], await Rows("SELECT id, name FROM raw.stock ORDER BY id"));
        Assert.Equal(["superseded"], await Rows("SELECT DISTINCT status FROM headrace.quarantine"));
        Assert.Equal(["loaded", "superseded"], await Rows("SELECT outcome FROM headrace.files ORDER BY outcome"));
        Assert.Equal("000 2/2", await Verified());

        // Its rows are in the table now, and nothing tells which they are.
        answer = await World.Run("run", "--json", "--accept", "stock/1.csv");
        Assert.Equal((1, "HDR-116"), (answer.Exit, answer.Only.Error));
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.stock"));
        answer = await World.Run("run", "-q", "--accept", "stock/no.csv");
        Assert.Equal(2, answer.Exit);
        Assert.Contains("HDR-522", answer.Text, StringComparison.Ordinal);

        static string Planned(Answer answer) =>
            answer.Only.Outcome.Replace("loaded", "would_load", StringComparison.Ordinal)
            + $" {answer.Only["inserted"]}";
    }

    [Fact]
    public async Task GoodFilesAreLoadedBesideIt()
    {
        await Flows(
            """other: { source: { connection: lake, path: "other/*.csv" }, read: incremental, write: append, """
                + "columns: { id: integer } }"
        );
        World.Put("other/1.csv", "id\n1\n", landedSecondsAgo: 900).Put("other/2.csv", "id\nx\n");
        var answer = await World.Run("run", "--json", "other");
        Assert.Equal(
            (3, "HDR-117", 1L, 1L),
            (answer.Exit, answer.Only.Error, answer.Only["inserted"], answer.Only["quarantined"])
        );
        Assert.Equal(["1"], await Rows("SELECT id FROM raw.other"));
        Assert.Contains("stopped", (await World.Run("status", "--json")).Output, StringComparison.Ordinal);

        // A new version of a file of which nothing was loaded needs nobody's leave.
        World.Put("other/2.csv", "id\n2\n", landedSecondsAgo: 100);
        Assert.Equal(0, (await World.Run("run")).Exit);
        Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.other ORDER BY id"));
        Assert.Equal("0", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }

    [Fact]
    public async Task MergedFilesAreReadAgainInTheirOrder()
    {
        const string Merge = "primary_key: id, write: merge, columns: { id: integer, v: integer }";
        await Stock("header: true", Merge);
        World
            .Put("stock/1.csv", "id,v\n1,10\n2,20\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "id,v\n2,x\n3,x\n", landedSecondsAgo: 800)
            .Put("stock/3.csv", "id,v\n3,31\nz,1\n", landedSecondsAgo: 700);
        Assert.Equal(3, (await World.Run("run", "--json")).Exit);

        // The values of the second file come under those of the third.
        await Stock("\"null\": [x]", Merge);
        var answer = await World.Run("run", "--json", "--accept", "stock/2.csv");
        Assert.Equal("loaded", answer.Only.Outcome);
        Assert.Equal(
            ["1|10", "2|NULL", "3|31"],
            await Rows("SELECT id, coalesce(CAST(v AS varchar(9)), 'NULL') FROM raw.stock ORDER BY id")
        );
        Assert.Equal("1", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
        Assert.Equal("000 3/3", await Verified());
    }

    [Fact]
    public async Task AReplacementIsReadAgainAsAWhole()
    {
        await Stock("header: true", "write: replace, columns: { id: integer, v: text }");
        World
            .Put("stock/1.csv", "id,v\n1,a\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "id,v\n2,NA\n", landedSecondsAgo: 800);
        await World.Load();
        await Stock("\"null\": [NA]", "write: replace, columns: { id: integer, v: text }");
        Assert.Equal("loaded", (await World.Run("run", "--json", "--accept", "stock/2.csv")).Only.Outcome);
        Assert.Equal(["1|a", "2|NULL"], await Rows("SELECT id, coalesce(v, 'NULL') FROM raw.stock ORDER BY id"));
        Assert.Equal("000 2/2", await Verified());

        World.Remove("stock/1.csv");
        Assert.Equal("HDR-119", (await World.Run("run", "--json", "--accept", "stock/2.csv")).Only.Error);
        World.Put("stock/3.csv", "id,v\n3,c\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Contains(
            "newer files have replaced",
            (await World.Run("run", "--json", "--accept", "stock/2.csv")).Only.Warnings,
            StringComparison.Ordinal
        );
        Assert.Equal(["3"], await Rows("SELECT id FROM raw.stock"));
    }

    [Fact]
    public async Task FilesOfADropFolderAreReadAgain()
    {
        Task Drop(string csv) =>
            Flows(
                $$"""stock: { source: { connection: lake, path: "inbox/{action}/{table}/*", csv: { {{csv}} } }, """
                    + """read: drop, target: { schema: raw, table: "{table}" } }"""
            );
        await Drop("\"null\": \"\"");
        World.Put(
            "inbox/schema/stock/s.json",
            """{"schema_version": 1, "columns": [{"name": "id", "type": "integer"}, {"name": "v", "type": "text"}]}""",
            landedSecondsAgo: 1000
        );
        World
            .Put("inbox/truncate/stock/1.csv", "id,v\n1,NA\n", landedSecondsAgo: 900)
            .Put("inbox/append/stock/2.csv", "id,v\n2,b\n", landedSecondsAgo: 800)
            .Put("inbox/append/stock/3.csv", "id,v\nx,c\n", landedSecondsAgo: 700);
        Assert.Equal(3, (await World.Run("run")).Exit);
        Assert.Equal("HDR-116", (await World.Run("run", "--json", "--accept", "inbox/append/stock/2.csv")).Only.Error);

        await Drop("\"null\": [NA, x, \"\"]");
        await World.Run("run", "--accept", "inbox/append/stock/3.csv");
        Assert.Equal(
            ["1|NA", "2|b", "NULL|c"],
            await Rows("SELECT coalesce(CAST(id AS varchar(9)), 'NULL'), v FROM raw.stock ORDER BY id NULLS LAST")
        );
        await World.Run("run", "--accept", "inbox/truncate/stock/1.csv");
        Assert.Equal(
            ["1|NULL", "2|b", "NULL|c"],
            await Rows(
                """
                SELECT coalesce(CAST(id AS varchar(9)), 'NULL'), coalesce(v, 'NULL') FROM raw.stock
                ORDER BY id NULLS LAST
                """
            )
        );
        Assert.Equal("000 3/3", await Verified());
        Assert.Contains(
            "a schema file is applied once",
            (await World.Run("run", "--json", "--accept", "inbox/schema/stock/s.json")).Only.Warnings,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task AnExportIsComparedAgain()
    {
        Task Exports(string csv) =>
            Flows(
                $$"""stock: { source: { connection: lake, path: "{version}/stock.csv", csv: { {{csv}} } }, read: """
                    + "snapshot, settle: 0s, primary_key: id, write: merge, columns: { id: integer, v: text } }"
            );
        await Exports("\"null\": \"\"");
        World.Put("v1/stock.csv", "id,v\n1,a\n2,NA\nx,c\n");
        await World.Load();
        await Exports("\"null\": [NA]");
        Assert.Equal("0i 1u 0d 1s 1q", (await World.Run("run", "--json", "--accept", "v1/stock.csv")).Only.Counts);
        Assert.Equal(["1|a", "2|NULL"], await Rows("SELECT id, coalesce(v, 'NULL') FROM raw.stock ORDER BY id"));
        Assert.Equal("1", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }
}

public sealed class FilesReadAgainIntoDuckDb(PostgresServer server) : FilesReadAgain(server, WarehouseKind.DuckDb);

public sealed class FilesReadAgainIntoPostgres(PostgresServer server) : FilesReadAgain(server, WarehouseKind.Postgres);

public sealed class FilesReadAgainIntoRedshift(PostgresServer server) : FilesReadAgain(server, WarehouseKind.Redshift);
