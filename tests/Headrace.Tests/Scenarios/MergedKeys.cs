using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>A staged row finds the row of its key, whatever a key is, and in a table that somebody else made.</summary>
public sealed class MergedKeys : ProjectTests
{
    [Theory]
    [InlineData("bigint", "BIGINT", "1,2", "2,3")]
    [InlineData("integer", "BIGINT", "1,2", "2,3")]
    [InlineData("bigint", "INTEGER", "1,2", "2,3")]
    [InlineData("text", "VARCHAR", "a,a name of more than twelve bytes", "a name of more than twelve bytes,c")]
    [InlineData("text", "VARCHAR COLLATE NOCASE", "a,b", "B,c")]
    [InlineData("decimal(10,2)", "DECIMAL(10,2)", "1.50,2", "2.00,3")]
    [InlineData("decimal(10,2)", "DECIMAL(18,3)", "1.50,2", "2.00,3")]
    [InlineData("double", "DOUBLE", "0.5,0", "-0.0,1")]
    [InlineData("date", "DATE", "2026-01-01,2026-01-02", "2026-01-02,2026-01-03")]
    [InlineData(
        "timestamptz",
        "TIMESTAMPTZ",
        "2026-01-01T00:00:00Z,2026-01-02T01:00:00+01:00",
        "2026-01-02T00:00:00Z,2026-01-03T00:00:00Z"
    )]
    [InlineData(
        "uuid",
        "UUID",
        "00000000-0000-0000-0000-000000000000,F0000000-0000-0000-0000-000000000000",
        "f0000000-0000-0000-0000-000000000000,f0000000-0000-0000-0000-000000000001"
    )]
    public async Task The_second_of_two_is_there(string type, string made, string there, string comes)
    {
        World.Flows(
            $$"""m: { source: { connection: lake, path: "m/*" }, columns: { id: "{{type}}", part: text, """
                + "name: text }, read: incremental, primary_key: [id, part], write: merge }"
        );
        World.Alter($"CREATE SCHEMA raw; CREATE TABLE raw.m (id {made}, part VARCHAR, name VARCHAR)");
        World.Alter(
            $"INSERT INTO raw.m SELECT '{there.Split(',')[0]}', 'part ' || i, 'others' FROM range(20_000) AS t(i)"
        ); // others with its key's first column, in more than one block
        Put("1", there, "x");
        Assert.Equal(2, (await World.Load()).Only["inserted"]);
        Put("2", comes, "y");
        var run = (await World.Load()).Only;
        Assert.Equal((1, 1, 0), (run["inserted"], run["updated"], run["unchanged"]));
        Assert.Equal(
            ["x|1", "y|2"],
            World.Query("SELECT name, count(*) FROM raw.m WHERE part = 'p' GROUP BY ALL ORDER BY ALL")
        );
        Put("3", string.Join(",", comes.Split(',').Reverse()), "y");
        Assert.Equal(2, (await World.Load()).Only["unchanged"]);
    }

    private void Put(string file, string ids, string name) =>
        World.Put($"m/{file}.csv", $"id,part,name\n{string.Concat(ids.Split(',').Select(id => $"{id},p,{name}\n"))}");
}
