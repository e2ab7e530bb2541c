using System.Globalization;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Checks of what each way in brings: drop folders, objects, exports and changes.</summary>
public abstract class ChecksOfWaysIn(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    [Fact]
    public async Task InADropFolderAStoppedFileWaitsAndTheNextIsTaken()
    {
        await Flows(
            """
            d:
              source: { connection: lake, path: "{database}/{action}/{table}/*" }
              read: drop
              batch_bytes: 1
              target: { schema: "{database}", table: "{table}" }
              checks:
                - row_count: { min: 2 }
            """
        );
        World
            .Put("db/append/t/1.csv", "id\n1\n", landedSecondsAgo: 900)
            .Put("db/append/t/2.csv", "id\n2\n3\n", landedSecondsAgo: 800);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-210"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["2", "3"], await Rows("SELECT id FROM db.t ORDER BY id"));
        Assert.Equal(["passed", "stopped"], await Rows("SELECT outcome FROM headrace.checks ORDER BY outcome"));
    }

    [Fact]
    public async Task FilesWhoseRowsWereSetAsideAreVerified()
    {
        await Flows(
            Checks.Flow(
                "merge, primary_key: id",
                "unique: [email], on_fail: quarantine",
                "not_null: [amount], on_fail: quarantine"
            )
        );
        World.Put("f/1.csv", "id,email,amount\n1,a,1\n2,a,2\n3,b,\n4,c,4\n");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        var verified = (await World.Run("verify", "--json")).Json.GetProperty("datasets")[0];
        Assert.Equal(
            "0 0 0",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{verified.GetProperty("missing")} {verified.GetProperty("extra")} {verified.GetProperty("different")}"
            )
        );
    }

    [Fact]
    public async Task OfObjectsInOneLineAndOfParquetTheLastOneStays()
    {
        await Flows(
            """
            f:
              source: { connection: lake, path: "f/*" }
              read: incremental
              write: append
              checks:
                - { unique: v, on_fail: quarantine }
            """
        );
        World
            .Put("f/1.json", """[{"v":1,"n":1},{"v":1,"n":2},{"v":2,"n":3},{"v":1,"n":4}]""", landedSecondsAgo: 900)
            .Put(
                "f/2.parquet",
                ParquetMaker.File([
                    new MadeColumn("v", 2, [ParquetMaker.Int64(2), ParquetMaker.Int64(3), ParquetMaker.Int64(3)]),
                    new MadeColumn("n", 2, [ParquetMaker.Int64(5), ParquetMaker.Int64(6), ParquetMaker.Int64(7)]),
                ]),
                landedSecondsAgo: 800
            );
        Assert.Equal("3i 0u 0d 0s 4q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|4", "2|5", "3|7"], await Rows("SELECT v, n FROM raw.f ORDER BY v"));
        Assert.Equal(
            ["f/1.json|1", "f/1.json|2", "f/1.json|3", "f/2.parquet|2"],
            await Rows("SELECT file, line FROM headrace.quarantine ORDER BY file, line")
        );
    }

    [Fact]
    public async Task WhatAnExportChangesIsChecked()
    {
        const string Exports = """
            f:
              source: { connection: lake, path: "f/{version}/*.csv" }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              checks:
                - range: { column: amount, min: 0 }
                - { unique: email, on_fail: warn }
                - { row_count: { max: 3 }, scope: table }
            """;
        await Flows(Exports);
        World.Put("f/v1/1.csv", "id,email,amount\n1,a,1\n2,b,2\n3,c,3\n");
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("f/v2/1.csv", "id,email,amount\n1,a,-1\n2,x,2\n3,x,3\n");
        Assert.Equal("HDR-210", (await World.Run("plan", "--json")).Only.Error);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-210"), (answer.Exit, answer.Only.Error));
        Assert.Contains(
            "id = '1', amount = '-1'",
            answer.Only.ErrorText.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Equal(["1|a", "2|b", "3|c"], await Rows("SELECT id, email FROM raw.f ORDER BY id"));
        Assert.Equal(
            ["range_amount|range|batch|stop|3|1|stopped", "unique_email|unique|batch|warn|3|1|warned"],
            (await Rows(Checks.Found)).Skip(3)
        );

        await Flows(Exports.Replace("min: 0", "min: -1", StringComparison.Ordinal));
        World.Put("f/v3/1.csv", "id,email,amount\n1,a,-1\n2,b,2\n3,c,3\n4,d,4\n");
        answer = await World.Run("run", "--json"); // loads v2 now, and not v3
        Assert.Equal((3, "HDR-210", 1), (answer.Exit, answer.Only.Error, answer.Only["batches"]));
        Assert.Equal(["1|a", "2|x", "3|x"], await Rows("SELECT id, email FROM raw.f ORDER BY id"));
        await Flows(
            Exports
                .Replace("min: 0", "min: -1", StringComparison.Ordinal)
                .Replace("max: 3", "max: 4", StringComparison.Ordinal)
        );
        Assert.Equal("loaded", (await World.Load()).Only.Outcome);
        Assert.Equal(
            ["1|-1", "2|2", "3|3", "4|4"],
            await Rows("SELECT id, CAST(amount AS bigint) AS amount FROM raw.f ORDER BY id")
        );
    }

    [Fact]
    public async Task OfChangesThoseThatDeleteAreNotAsked()
    {
        await Flows(
            """
            f:
              source: { connection: lake, path: "f/*.csv" }
              columns: { id: bigint, email: text }
              read: cdc
              cdc: { profile: dms, operation: Op }
              primary_key: id
              write: merge
              checks:
                - { not_null: email, on_fail: quarantine }
                - { unique: id, scope: table }
            """
        );
        World.Put("f/20261130-1.csv", "Op,id,email\nI,1,a\nI,2,b\nI,3,\n", landedSecondsAgo: 900);
        Assert.Equal("2i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        World.Put("f/20261130-2.csv", "Op,id,email\nU,1,c\nD,2,\nU,1,\n", landedSecondsAgo: 800);
        Assert.Equal("0i 1u 1d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|c"], await Rows("SELECT id, email FROM raw.f"));
        Assert.Equal(
            ["3|1|quarantined", "2|1|quarantined"],
            await Rows("SELECT checked, failed, outcome FROM headrace.checks WHERE scope = 'batch' ORDER BY checked_at")
        );
    }
}

public sealed class ChecksOfWaysIntoDuckDb(PostgresServer server) : ChecksOfWaysIn(server, WarehouseKind.DuckDb);

public sealed class ChecksOfWaysIntoPostgres(PostgresServer server) : ChecksOfWaysIn(server, WarehouseKind.Postgres);

public sealed class ChecksOfWaysIntoRedshift(PostgresServer server) : ChecksOfWaysIn(server, WarehouseKind.Redshift);
