using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Every type of PostgreSQL with the values at its edges: equal in the warehouse, or set aside, and never another
/// value.
/// </summary>
public sealed class TableTypes(PostgresServer server) : TableWorld(server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // then rows of most types come in binary form
    public async Task EveryTypeComesAsItIsOrIsSetAside(bool withOthers)
    {
        var samples = TypeSample.All.Select(sample => withOthers ? sample : sample.Fitting).ToList();
        await Shop(
            TypeSample.Made + string.Concat(samples.Select((sample, i) => sample.Create($"t{i}"))),
            samples.Select(
                (_, i) => $"t{i}: {{ source: {{ connection: shop, table: t{i} }}, read: full-refresh, write: replace }}"
            )
        );
        var runs = (await World.Load()).Runs.ToDictionary(run => run.Dataset);

        Assert.Equal(
            samples.Select(sample => $"{sample.Type}: {sample.Column}, {sample.Held} held"),
            samples.Select(
                (sample, i) =>
                    $"{sample.Type}: "
                    + World.Value(
                        $"""
                        SELECT data_type FROM information_schema.columns
                        WHERE table_schema = 'raw' AND table_name = 't{i}' AND column_name = 'v'
                        """
                    )
                    + $", {runs[$"t{i}"]["quarantined"]} held"
            )
        );
        Assert.Equal(
            samples.SelectMany(sample => sample.Expected()),
            samples.SelectMany(
                (sample, i) =>
                    World
                        .Query($"SELECT id, v::VARCHAR FROM raw.t{i} ORDER BY id")
                        .Select(row => $"{sample.Type}: {row}")
            )
        );
    }
}
