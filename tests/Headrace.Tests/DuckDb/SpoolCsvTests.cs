using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class SpoolCsvTests : IDisposable
{
    private readonly Memory memory = new(
        new Dictionary<string, string> { ["memory_limit"] = "24MB", ["threads"] = "1" }
    );

    public void Dispose() => memory.Dispose();

    [Fact]
    public void A_small_file_is_read_in_little_memory()
    {
        File.WriteAllText(memory.Path("0.csv"), "1,\"a\"\"b\nc\"\n2,\n3,\"\"\n");
        var rows = SpoolCsv.Read([memory.Path("0.csv")], 0, [("line", "BIGINT"), ("c0", "VARCHAR")]);

        Assert.Equal(
            "1 a\"b\nc|2 NULL|3 ",
            memory.Scalar<string>(
                $"SELECT string_agg(line || ' ' || coalesce(c0, 'NULL'), '|' ORDER BY line) FROM {rows}"
            )
        );
    }

    [Fact]
    public void A_record_that_is_longer_than_usual_is_read()
    {
        const int length = 5_000_000;
        File.WriteAllText(memory.Path("0.csv"), $"1,{new string('x', length)}\n2,y\n");

        Assert.Equal(
            length + 1,
            memory.Scalar<long>(
                "SELECT sum(length(c0))::BIGINT FROM "
                    + SpoolCsv.Read([memory.Path("0.csv")], length + 3, [("line", "BIGINT"), ("c0", "VARCHAR")])
            )
        );
    }
}
