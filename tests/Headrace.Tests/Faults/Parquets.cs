using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F32: Parquet files that are broken, or whose columns change.</summary>
public sealed class Parquets : ProjectTests
{
    private const string Any = """
        any:
          source: { connection: lake, path: "any/*" }
          read: incremental
          write: append
        """;

    [Fact]
    public async Task F32_a_new_column_is_added_and_a_missing_one_is_null_and_said()
    {
        World.Flows(Any).PutParquet("any/1.parquet", "SELECT 1 AS id, 'a' AS name");
        await World.Load();
        World.PutParquet("any/2.parquet", "SELECT 2 AS id, DATE '2026-10-01' AS day");
        var run = (await World.Load()).Only;
        Assert.Contains("'day' is new", run.Warnings, StringComparison.Ordinal);
        Assert.Contains("'name' is missing", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|a|NULL", "2|NULL|2026-10-01"], World.Query("SELECT id, name, day FROM raw.any ORDER BY id"));
    }

    [Fact]
    public async Task F32_a_widened_type_loads_what_fits_and_quarantines_what_does_not()
    {
        World.Flows(Any).PutParquet("any/1.parquet", "SELECT 1::INTEGER AS id");
        await World.Load();
        World.PutParquet("any/2.parquet", "SELECT unnest([2, 3000000000])::BIGINT AS id");
        Assert.Equal("1i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["any/2.parquet|2|id|3000000000"],
            World.Query("SELECT file, line, \"column\", value FROM headrace.quarantine")
        );
        Assert.Equal(["id INTEGER"], World.Columns("raw.any"));
    }

    [Fact]
    public async Task F32_a_renamed_column_stops_a_frozen_flow()
    {
        World.Flows(Any + "\n  schema_changes: freeze").PutParquet("any/1.parquet", "SELECT 1 AS id, 'a' AS name");
        await World.Load();
        World.PutParquet("any/2.parquet", "SELECT 2 AS id, 'b' AS title");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-103"), (answer.Exit, answer.Only.Error));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.any"));
    }

    [Fact]
    public async Task F32_nested_columns_become_json()
    {
        World
            .Flows(Any)
            .PutParquet("any/1.parquet", "SELECT {'a': 1, 'b': [1, 2]} AS s, [1, NULL] AS l, map {'k': 'v'} AS m");
        await World.Load();
        Assert.Equal(["s JSON", "l JSON", "m JSON"], World.Columns("raw.any"));
        Assert.Equal("""{"a":1,"b":[1,2]}|[1,null]|{"k":"v"}""", World.Value("SELECT * FROM raw.any"));
    }

    [Fact]
    public async Task F32_a_file_cut_at_any_byte_is_refused_and_blocks_no_other()
    {
        World.Flows(Any).PutParquet("any/good.parquet", "SELECT 1 AS id");
        var bytes = File.ReadAllBytes(World.PathOf("any/good.parquet"));
        for (var cut = 1; cut < bytes.Length; cut += 7)
            World.Put($"any/cut-{cut}.parquet", bytes[..cut]);
        Assert.Equal("HDR-121", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.any"));
        Assert.Equal("1", World.Value("SELECT count(*) FROM headrace.files WHERE outcome <> 'refused'"));
    }

    [Fact]
    public async Task F32_a_broken_footer_or_page_refuses_the_file_and_blocks_no_other()
    {
        World.Flows(Any).PutParquet("any/good.parquet", "SELECT range AS id, 'text ' || range AS name FROM range(200)");
        var bytes = File.ReadAllBytes(World.PathOf("any/good.parquet"));
        var footer = bytes.Length - 8 - BitConverter.ToInt32(bytes, bytes.Length - 8);
        foreach (
            var (name, at) in (ReadOnlySpan<(string, int)>)
                [("page", 8), ("footer", footer + 2), ("length", bytes.Length - 6)]
        )
        {
            var broken = (byte[])bytes.Clone();
            for (var i = 0; i < 6 && at + i < broken.Length - 4; i++)
                broken[at + i] ^= 0xFF;
            World.Put($"any/{name}.parquet", broken);
        }

        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "failed"), (answer.Exit, answer.Only.Outcome));
        Assert.Equal("200|19900", World.Value("SELECT count(*), sum(id) FROM raw.any"));
        Assert.Equal(
            ["any/footer.parquet|HDR-121", "any/length.parquet|HDR-121", "any/page.parquet|HDR-121"],
            World.Query("SELECT key, error_code FROM headrace.files WHERE outcome = 'refused' ORDER BY key")
        );
    }

    [Fact]
    public async Task F32_a_file_without_a_row_is_recorded_as_no_rows()
    {
        World
            .Flows(Any)
            .PutParquet("any/1.parquet", "SELECT 1 AS id LIMIT 0")
            .PutParquet("any/2.parquet", "SELECT 2 AS id");
        await World.Load();
        Assert.Equal(
            ["any/1.parquet|0", "any/2.parquet|1"],
            World.Query("SELECT key, rows FROM headrace.files ORDER BY key")
        );
    }
}
