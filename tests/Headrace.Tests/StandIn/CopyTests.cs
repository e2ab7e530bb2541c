using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>COPY and UNLOAD of the Redshift stand-in.</summary>
public class CopyTests(PostgresServer server)
{
    private const string Options = $"IAM_ROLE '{RedshiftTestDatabase.Role}' CSV NULL AS '#N#' TIMEFORMAT 'auto' DATEFORMAT 'auto'";

    [Fact]
    public async Task Copy_loads_in_the_clients_transaction_and_says_how_many_rows()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(10), amount decimal(6,2))");
        var url = redshift.File("a/part-1", "1,one,1.999\n2,,#N#\n3,\"a\"\"b\nc\",-0.005\n");

        await db.ExecuteAsync("BEGIN");
        Assert.Equal(-1, await db.CountAsync($"COPY t FROM '{url}' {Options}"));
        Assert.Equal("3", await db.QueryAsync("SELECT pg_last_copy_count()"));
        await db.ExecuteAsync("ROLLBACK");

        Assert.Equal("0", await db.QueryAsync("SELECT count(*) FROM t"));
        redshift.File("a/part-10", "4,four,4\n");
        await db.ExecuteAsync($"COPY t FROM '{url}' {Options}");
        Assert.Equal("1|one|1.99\n2||NULL\n3|a\"b\nc|0.00\n4|four|4.00", await db.QueryAsync("SELECT * FROM t ORDER BY id"));
    }
}
