using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What a release may change besides the row that was set aside.</summary>
public class Releases : ProjectTests
{
    private const string Merged = """
        m:
          source: { connection: lake, path: "m/*" }
          columns: { id: bigint, amount: "decimal(12,2)", note: text }
          read: incremental
          primary_key: id
          write: merge
        """;

    [Fact]
    public async Task Columns_that_the_row_does_not_bring_keep_their_values()
    {
        World.Flows(Merged).Put("m/a.csv", "id,amount,note\n1,5.00,keep\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("m/b.csv", "id,amount\n1,bad\n");
        await World.Load();

        await World.Run("quarantine", "release", "m", "1", "--set", "amount=9.99");

        Assert.Equal(["1|9.99|keep"], World.Query("SELECT id, amount, note FROM raw.m"));
    }

    [Fact]
    public async Task Values_are_set_for_rows_that_are_named_only()
    {
        World.Flows(Merged).Put("m/a.csv", "id,amount,note\n,1,b\n,2,c\n");
        await World.Load();

        var answer = await World.Run("quarantine", "release", "m", "--set", "id=6");

        Assert.Equal(
            (2, 2L),
            (
                answer.Exit,
                long.Parse(
                    World.Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"),
                    System.Globalization.CultureInfo.InvariantCulture
                )
            )
        );
    }

    [Fact]
    public async Task Of_two_rows_with_one_key_the_later_one_is_released_and_the_other_waits()
    {
        World.Flows(Merged).Put("m/a.csv", "id,amount,note\n,1,b\n,2,c\n");
        await World.Load();

        await World.Run("quarantine", "release", "m", "1,2", "--set", "id=6");

        Assert.Equal(["6|2.00|c"], World.Query("SELECT id, amount, note FROM raw.m"));
        Assert.Equal(
            ["1|waiting", "2|released"],
            World.Query("SELECT id, status FROM headrace.quarantine ORDER BY id")
        );
    }

    [Fact]
    public async Task A_row_whose_table_was_replaced_since_is_superseded()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/schema/t/s.json", Schema("""{"name": "a", "type": "bigint"}"""), landedSecondsAgo: 900)
            .Put("inbox/shop/append/t/1.csv", "a\n1\nx\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("inbox/shop/truncate/t/2.csv", "a\n5\n", landedSecondsAgo: 700);
        await World.Load();

        await World.Run("quarantine", "release", "inbox", "1", "--set", "a=2");

        Assert.Equal(["5"], World.Query("SELECT a FROM shop.t"));
        Assert.Equal(["superseded"], World.Query("SELECT status FROM headrace.quarantine"));
    }

    [Fact]
    public async Task A_refusal_of_the_database_has_a_name()
    {
        World
            .Flows("""d: { source: { connection: lake, path: "d/*" }, read: incremental, write: append }""")
            .Alter("CREATE SCHEMA raw; CREATE TABLE raw.d (id BIGINT PRIMARY KEY)");
        World.Put("d/1.csv", "id\n1\nx\n");
        await World.Load();

        var answer = await World.Run("quarantine", "release", "d", "1", "--set", "id=1");

        Assert.Equal(1, answer.Exit);
        Assert.Contains("HDR-305", answer.Messages, StringComparison.Ordinal);
        Assert.Equal(["waiting"], World.Query("SELECT status FROM headrace.quarantine"));
    }

    [Fact]
    public async Task All_changes_that_wait_are_released_however_many_they_are()
    {
        const string Flow = """
            c:
              source: { connection: lake, path: "c/*.csv", format: csv }
              columns: { id: bigint, seq: bigint }
              read: cdc
              cdc: { profile: none, operation: op, values: { insert: [I], update: [U], delete: [D] }, order_by: [seq] }
              primary_key: id
              write: merge
            """;
        const int Rows = 100_003;
        World
            .Flows(Flow + "\n  checks: [ { range: { column: id, max: 0 }, on_fail: quarantine } ]")
            .Put("c/a.csv", "op,id,seq\n" + string.Concat(Enumerable.Range(1, Rows).Select(i => $"I,{i},{i}\n")));
        await World.Load();
        World.Flows(Flow);

        var last = World.Value("SELECT max(id) FROM headrace.quarantine");
        Assert.Contains("\"released\":1,", (await World.Run("quarantine", "release", "c", last, "--json")).Output);
        var answer = await World.Run("quarantine", "release", "c", "--json");

        Assert.Contains($"\"released\":{Rows - 1},", answer.Output);
        Assert.Equal([$"{Rows}"], World.Query("SELECT count(*) FROM raw.c"));
    }
}
