using System.Globalization;
using Headrace.DuckDb;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Loads, comparisons and repairs whose keys are cut into parts since the memory holds few of them: they end as in one
/// pass.
/// </summary>
public abstract class SmallMemory(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private static readonly string[] Kinds = ["merged", "exported"];

    private static string FlowsOf(string name) =>
        $$"""
            {{name}}_merged:
              source: { connection: lake, path: "m/*.csv" }
              columns: { tenant: text, id: bigint, name: text, amount: "decimal(12,2)", note: text }
              read: incremental
              primary_key: [tenant, id]
              write: merge
              target: { table: {{name}}_merged }
            {{name}}_exported:
              source: { connection: lake, path: "{version}/s.csv" }
              columns: { tenant: text, id: bigint, name: text, amount: "decimal(12,2)" }
              read: snapshot
              settle: 0s
              primary_key: [tenant, id]
              write: merge
              target: { table: {{name}}_exported }
            """;

    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 3000)]
    public async Task SeveralPassesEndAsOne(int seed, long partBytes)
    {
        await Flows(FlowsOf("one"), FlowsOf("many"));
        var random = new Random(seed);
        string Rows(int count, Func<int, int> id, string more = "") =>
            string.Concat(
                Enumerable
                    .Range(0, count)
                    .Select(i =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"t{id(i) % 3},{id(i)},name {random.Next(3)},{random.Next(3)}.50{more}\n"
                        )
                    )
            );
        var ids = Enumerable.Range(0, 60).Select(_ => random.Next(40)).ToArray();

        World
            .Put("m/1.csv", $"tenant,id,name,amount,note\n{Rows(60, i => ids[i], ",kept")}", landedSecondsAgo: 900)
            .Put("1/s.csv", $"tenant,id,name,amount\n{Rows(50, i => i)}", landedSecondsAgo: 900);
        await SameAsync(name => World.Load(name), answer => answer.Only.Counts);

        // Of the second batch no file brings the note; two rows do not fit, and keys are there more than once.
        World
            .Put("m/2.csv", $"tenant,id,name,amount\n{Rows(40, i => 20 + ids[i])}t1,4,bad,x\nt2,5,bad,y\n")
            .Put("2/s.csv", $"tenant,id,name,amount\n{Rows(45, i => i + 8)}{Rows(2, _ => 60)}t0,9,bad,x\n");
        await SameAsync(name => World.Load(name), answer => answer.Only.Counts);

        foreach (var table in (string[])["one", "many"])
            await Alter(
                $"""
                UPDATE raw.{table}_merged SET name = 'by hand' WHERE id % 5 = 0; DELETE FROM raw.{table}_merged
                    WHERE id % 7 = 1;
                UPDATE raw.{table}_exported SET name = 'by hand' WHERE id % 5 = 0; DELETE FROM raw.{table}_exported
                    WHERE id % 7 = 1
                """
            );
        await SameAsync(
            name => World.Run("verify", "--repair", "--json", name),
            answer =>
            {
                var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
                return string.Join(
                    ' ',
                    ((string[])["missing", "extra", "different", "rows_source", "rows_target"]).Select(count =>
                        one.GetProperty(count)
                    )
                );
            }
        );

        await Alter(
            "UPDATE headrace.quarantine SET \"row\" = replace(replace(\"row\", '\"x\"', '\"7.5\"'), '\"y\"', '\"8.5\"')"
        );
        await SameAsync(
            name => World.Run("quarantine", "release", "--json", name),
            answer => answer.Output.Replace("many", "one", StringComparison.Ordinal)
        );

        async Task SameAsync(Func<string, Task<Answer>> step, Func<Answer, string> shown)
        {
            foreach (var what in Kinds)
            {
                var expected = shown(await step($"one_{what}"));
                Parts.Tested.Value = partBytes;
                var found = shown(await step($"many_{what}"));
                Parts.Tested.Value = null;
                Assert.Equal(expected, found);
                Assert.Equal(await Content($"one_{what}"), await Content($"many_{what}"));
            }
        }
    }

    private async Task<string[]> Content(string table) =>
        [.. (await Rows($"SELECT * FROM raw.{table}")).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task LessMemoryThanTheLeastIsRefused()
    {
        await Flows("t: { source: { connection: lake, path: \"*.csv\" }, read: incremental, write: append }");
        World.Configuration("memory: 128MB\n" + File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml")));
        var answer = await World.Run("run");
        Assert.Equal(2, answer.Exit);
        Assert.Contains("HDR-525", answer.Text, StringComparison.Ordinal);
        Assert.Contains("384MB", answer.Text, StringComparison.Ordinal);
    }
}

public sealed class SmallMemoryIntoDuckDb(PostgresServer server) : SmallMemory(server, WarehouseKind.DuckDb);

public sealed class SmallMemoryIntoPostgres(PostgresServer server) : SmallMemory(server, WarehouseKind.Postgres);

public sealed class SmallMemoryIntoRedshift(PostgresServer server) : SmallMemory(server, WarehouseKind.Redshift);
