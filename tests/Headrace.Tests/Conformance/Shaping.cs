using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Columns that are made, filled, dropped and timed, and rows that are not wanted.</summary>
public abstract class Shaping(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private Task People(string rest) =>
        Flows(
            $"people: {{ source: {{ connection: lake, path: \"people/*\" }}, settle: 0s, read: incremental, {rest} }}"
        );

    private const string Columns = """
        columns: { id: bigint, name: { expression: "first_name || ' ' || last", type: text },
          amount: { from: amt, type: "decimal(10,2)", default: 0 }, first_name: { from: first, type: text },
          last: { drop: true }, twice: { expression: "amount * 2", type: "decimal(10,2)" } }
        """;

    [Theory]
    [InlineData("append")]
    [InlineData("merge, primary_key: id")]
    [InlineData("replace")]
    public async Task ColumnsAreMadeFilledAndDropped(string write)
    {
        await People($"write: {write}, {Columns}");
        World.Put("people/1.csv", "id,first,last,amt,extra\n1,Ann,Lee,,x\n2,Bo,,2.50,\n3,Cy,Ng,bad,\n");
        Assert.Equal("2i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["1|Ann Lee|0.00|Ann|0.00|x", "2|NULL|2.50|Bo|5.00|NULL"],
            await Rows("SELECT * FROM raw.people ORDER BY id")
        );
        Assert.Equal(["amount|bad"], await Rows("SELECT \"column\", value FROM headrace.quarantine"));
        var id = await Value("SELECT id FROM headrace.quarantine");
        var release = await World.Run($"quarantine release people {id} --set amount=7".Split(' '));
        Assert.True(release.Exit == 0, release.Text);
        Assert.Equal("3|Cy Ng|7.00|Cy|14.00|NULL", (await Rows("SELECT * FROM raw.people ORDER BY id"))[^1]);
    }

    [Fact]
    public async Task AColumnMayBeMadeOfTheOneItReplacesAndOfMaskedValues()
    {
        await People(
            """
            write: append, masks: { email: redact },
              columns: { id: bigint, name: { expression: "upper(trim(name))", type: text, nullable: false },
              who: { expression: "coalesce(email, '?') || name", type: text }, n: { expression: "CAST(qty AS INTEGER)", type: smallint } }
            """
        );
        World.Put("people/1.csv", "id,name,email,qty\n1, ann ,a@x,5\n2,bo,,x\n3,,c@x,6\n4,dy,d@x,70000\n");
        Assert.Equal("1i 0u 0d 0s 3q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|ANN|*** ann |5"], await Rows("SELECT id, name, who, n FROM raw.people"));
        Assert.Equal(
            [
                "3|n|the expression of 'n' fails on this row",
                "4|name|'name' is NULL and may not be",
                "5|n|'70000' is no smallint",
            ],
            await Rows("SELECT line, \"column\", reason FROM headrace.quarantine ORDER BY line")
        );
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public async Task NumbersAreTimesAsTheyAreDeclared(string format)
    {
        await People(
            """
            write: append, columns: { id: bigint, s: { type: timestamp, unit: s }, ms: { type: timestamptz, unit: ms },
              us: { type: timestamp, unit: us }, ns: { type: timestamp, unit: ns }, d: { type: date, unit: s } }
            """
        );
        string[] rows =
        [
            "1,1700000000,1700000000123,1700000000123456,1700000000123456000,1699920000",
            "2,-1,0,-1,1000,0",
            "3,1700000000,1700000000123,1700000000123456,1700000000123456789,1699920000",
            "4,1700000000,1700000000123,1700000000123456,1700000000123456000,1700000000",
            "5,1700000000000000,1700000000123,1700000000123456,1700000000123456000,1699920000",
        ];
        string[] names = ["id", "s", "ms", "us", "ns", "d"];
        if (format == "csv")
            World.Put("people/1.csv", $"{string.Join(',', names)}\n{string.Join('\n', rows)}\n6,x,0,0,0,0\n7,,,,,\n");
        else if (format == "jsonl")
            World.Put(
                "people/1.jsonl",
                string.Join(
                    '\n',
                    rows.Select(row =>
                        $"{{{string.Join(',', row.Split(',').Select((value, i) => $"\"{names[i]}\":{value}"))}}}"
                    )
                ) + "\n{\"id\":6,\"s\":\"x\"}\n{\"id\":7}\n"
            );
        else
            World.PutParquet(
                "people/1.parquet",
                $"SELECT * FROM (VALUES ({string.Join("), (", rows)}), (7, NULL, NULL, NULL, NULL, NULL)) AS t({string.Join(", ", names)})"
            );
        Assert.Equal(format == "parquet" ? "3i 0u 0d 0s 3q" : "3i 0u 0d 0s 4q", (await World.Load()).Only.Counts);
        Assert.Equal(
            [
                "1|2023-11-14 22:13:20|1700000000.123|2023-11-14 22:13:20.123456|2023-11-14 22:13:20.123456|2023-11-14",
                "2|1969-12-31 23:59:59|0.000|1969-12-31 23:59:59.999999|1970-01-01 00:00:00.000001|1970-01-01",
                "7|NULL|NULL|NULL|NULL|NULL",
            ],
            await Rows(
                "SELECT id, CAST(s AS varchar), CAST(CAST(extract(epoch FROM ms) AS decimal(20,3)) AS varchar), "
                    + "CAST(us AS varchar), CAST(ns AS varchar), CAST(d AS varchar) FROM raw.people ORDER BY id"
            )
        );
    }

    [Theory]
    [InlineData("append")]
    [InlineData("merge, primary_key: id")]
    public async Task RowsThatAreNotWantedAreCountedAndNoMore(string write)
    {
        await People(
            $"write: {write}, columns: {{ id: bigint, amount: integer, gone: {{ drop: true, type: integer }} }}, "
                + "where: \"country <> 'XX' AND gone / (id - 5) < 10\""
        );
        World.Put(
            "people/1.csv",
            "id,amount,country,gone\n1,1,DE,1\n2,2,XX,1\n3,bad,XX,1\n4,bad,DE,1\n",
            landedSecondsAgo: 900
        );
        World.Put("people/2.csv", "id,amount,country,gone\n6,1,DE,x\n7,2,,1\n8,1,DE,100\n", landedSecondsAgo: 800);
        World.Put("people/3.csv", "id,amount,country,gone\n9,1,XX,1\n", landedSecondsAgo: 700);
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal(("1i 0u 0d 0s 2q", 5), (plan.Counts, plan["filtered"]));
        Assert.Contains("5 filtered out", (await World.Run("plan")).Text, StringComparison.Ordinal);
        var run = (await World.Load()).Only;
        Assert.Equal(("1i 0u 0d 0s 2q", 5), (run.Counts, run["filtered"]));
        Assert.Equal(["1|1|DE"], await Rows("SELECT * FROM raw.people"));
        Assert.Equal(
            ["2|gone|x", "5|amount|bad"],
            await Rows("SELECT line, \"column\", value FROM headrace.quarantine ORDER BY line")
        );
        Assert.Equal(
            ["people/1.csv|1|1", "people/2.csv|0|1", "people/3.csv|0|0"],
            await Rows("SELECT key, rows, quarantined FROM headrace.files ORDER BY key")
        );
        Assert.Contains("no difference was found", (await World.Run("verify")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RowsThatAreNotWantedAnyMoreLeaveWithTheNextExport()
    {
        await Flows(
            """
            stock: { source: { connection: lake, path: "stock/{version}/*" }, settle: 0s, read: snapshot, write: merge, primary_key: id,
              columns: { id: bigint, state: text, left: { expression: "CAST(total AS INTEGER) - 1", type: integer }, total: { drop: true } }, where: "state <> 'old'" }
            """
        );
        World.Put("stock/1/1.csv", "id,state,total\n1,new,5\n2,new,6\n3,old,7\n", landedSecondsAgo: 900);
        var first = (await World.Load()).Only;
        Assert.Equal(("2i 0u 0d 0s 0q", 1), (first.Counts, first["filtered"]));
        World.Put("stock/2/1.csv", "id,state,total\n1,new,6\n2,old,6\n3,old,7\n", landedSecondsAgo: 800);
        var second = (await World.Load()).Only;
        Assert.Equal(("0i 1u 1d 0s 0q", 2), (second.Counts, second["filtered"]));
        World.Put("stock/3/1.csv", "id,state,total\n1,new,6\n2,old,6\n3,new,7\n", landedSecondsAgo: 700);
        Assert.Equal("1i 0u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|new|5", "3|new|6"], await Rows("SELECT * FROM raw.stock ORDER BY id"));
        var verify = await World.Run("verify");
        Assert.True(verify.Exit == 0, verify.Text);
        Assert.Equal(["1", "2", "2"], await Rows("SELECT rows FROM headrace.files ORDER BY rows"));
    }

    [Fact]
    public async Task ADefaultOfAnotherTypeIsNamed()
    {
        World.Put("people/1.csv", "id,name\n1,a\n");
        await People("write: append, columns: { id: { type: integer, default: none } }");
        Assert.Equal("HDR-223", (await World.Run("plan", "--json")).Only.Error);
        await People("write: append, where: \"id\"");
        Assert.Equal("HDR-222", (await World.Run("plan", "--json")).Only.Error);
    }
}

public sealed class ShapingIntoDuckDb(PostgresServer server) : Shaping(server, WarehouseKind.DuckDb);

public sealed class ShapingIntoPostgres(PostgresServer server) : Shaping(server, WarehouseKind.Postgres);

public sealed class ShapingIntoRedshift(PostgresServer server) : Shaping(server, WarehouseKind.Redshift);
