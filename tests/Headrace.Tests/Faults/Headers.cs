using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F24 to F26: headers that are missing, double, hostile.</summary>
public sealed class Headers : ProjectTests
{
    [Fact]
    public async Task F24_a_file_without_the_expected_header_is_refused()
    {
        World.Flows(Prices).Put("prices/1.csv", "1,1.50\n2,2.50\n").Put("prices/2.csv", "id,price\n3,3.50\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-105"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["3"], World.Query("SELECT id FROM raw.prices"));
        Assert.Equal(["HDR-105"], World.Query("SELECT error_code FROM headrace.files WHERE outcome = 'refused'"));
    }

    [Fact]
    public async Task F24_a_header_where_none_is_expected_goes_to_quarantine_as_a_row()
    {
        World
            .Flows(Prices.Replace("\"prices/*\"", "\"prices/*\", csv: { header: false }", StringComparison.Ordinal))
            .Put("prices/1.csv", "id,price\n1,1.50\n");
        Assert.Equal("1i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|id|id"], World.Query("SELECT line, \"column\", value FROM headrace.quarantine"));
    }

    [Theory]
    [InlineData("id,price,ID\n1,1.50,2\n", "HDR-131")]
    [InlineData("id,price,price\n1,1.50,2\n", "HDR-131")]
    [InlineData("id,,price\n1,1.50,2\n", "HDR-132")]
    [InlineData("id,price,\n1,1.50,2\n", "HDR-132")]
    [InlineData("id,pri\u0001ce\n1,1.50\n", "HDR-121")]
    [InlineData("id,\"price\n1,1.50\n", "HDR-121")]
    public async Task F25_names_that_collide_are_missing_or_unreadable_refuse_the_file(string text, string code)
    {
        World.Flows(Prices).Put("prices/1.csv", text);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, code), (answer.Exit, answer.Only.Error));
        Assert.Equal("0", World.Value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'"));
    }

    [Fact]
    public async Task F25_names_that_collide_only_in_case_between_files_are_one_column()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n").Put("prices/2.csv", "PRICE,Id\n2.50,2\n");
        await World.Load();
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT id, price FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task F25_a_name_of_300_bytes_is_kept_whole()
    {
        var name = new string('é', 150);
        World
            .Flows("any: { source: { connection: lake, path: \"any/*\" }, read: incremental, write: append }")
            .Put("any/1.csv", $"id,{name}\n1,x\n");
        await World.Load();
        Assert.Equal(["id BIGINT", $"{name} VARCHAR"], World.Columns("raw.any"));
    }

    [Fact]
    public async Task F26_a_hostile_name_is_a_name_and_nothing_else()
    {
        string[] names =
        [
            "x\"; DROP TABLE raw.canary; --",
            "'); DROP TABLE raw.canary; --",
            "a'b",
            "\\",
            "{}",
            "$1",
            "?",
            "\u202Etxt",
            "c0",
            "line",
            "row",
            "column",
            "select",
            "rowid",
            "%s",
            "a.b",
            "a,b",
            "ж",
        ];
        World
            .Flows(
                """
                canary: { source: { connection: lake, path: "canary/*" }, read: incremental, write: append }
                hostile: { source: { connection: lake, path: "hostile/*" }, read: incremental, write: append }
                keyed: { source: { connection: lake, path: "hostile/*" }, read: incremental, write: merge, primary_key: "x\"; DROP TABLE raw.canary; --" }
                """
            )
            .Put("canary/1.csv", "id\n1\n");
        await World.Load("canary");
        World.Put(
            "hostile/1.csv",
            string.Join(',', names.Select(name => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""))
                + "\n"
                + string.Join(',', names.Select((_, i) => i))
                + "\n"
        );
        World.Put(
            "hostile/2.csv",
            File.ReadAllText(World.PathOf("hostile/1.csv")).Replace("\n0,", "\n1,", StringComparison.Ordinal),
            landedSecondsAgo: 60
        );
        await World.Load();
        Assert.Equal(names.Select(name => $"{name} BIGINT"), World.Columns("raw.hostile"));
        Assert.Equal(
            "1|2|2",
            World.Value(
                """
                SELECT (SELECT count(*) FROM raw.canary), (SELECT count(*)
                FROM raw.hostile), (SELECT count(*) FROM raw.keyed)
                """
            )
        );
        Assert.Equal(
            "1|0",
            World.Value($"SELECT max({Sql.Identifier(names[0])}), min({Sql.Identifier(names[0])}) FROM raw.keyed")
        );
    }

    [Fact]
    public async Task F26_hostile_names_with_rows_that_do_not_fit_are_quarantined_and_released()
    {
        var name = "a\"b'c.$[0]\\";
        World.Flows(
            """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append, """
                + """columns: { "a\"b'c.$[0]\\": integer, id: integer } }"""
        );
        World.Put("any/1.csv", "\"a\"\"b'c.$[0]\\\",id\n7,x\n");
        Assert.Equal(1, (await World.Load()).Only["quarantined"]);
        Assert.Equal(0, (await World.Run("quarantine", "release", "any", "1,2,3,4,5,6,7,8,9", "--set", "id=1")).Exit);
        Assert.Equal("7|1", World.Value($"SELECT {Sql.Identifier(name)}, id FROM raw.any"));
    }
}
