using System.Text;
using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>The Redshift stand-in over S3, as moto plays it.</summary>
public class S3Tests(PostgresServer server)
{
    [Fact]
    public async Task Unload_and_copy_go_over_s3()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var moto = await MotoServer.StartAsync();
        using var s3 = new HttpClient { BaseAddress = new Uri(moto.Endpoint) };
        using var bucket = await s3.PutAsync(new Uri("/lake", UriKind.Relative), null, cancel);
        await using var redshift = await RedshiftTestDatabase.StartAsync(
            server,
            settings => settings with { S3Endpoint = moto.Endpoint }
        );
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(20))");
        await db.ExecuteAsync("CREATE TABLE u (LIKE t)");
        await db.ExecuteAsync("INSERT INTO t VALUES (1, 'ä'), (2, NULL), (3, '')");
        const string Options = $"IAM_ROLE '{RedshiftTestDatabase.Role}' CSV GZIP MANIFEST NULL AS '#N#'";

        await db.ExecuteAsync($"UNLOAD ('SELECT * FROM t') TO 's3://lake/out/t_' {Options}");
        await db.ExecuteAsync($"COPY u FROM 's3://lake/out/t_manifest' {Options}");

        Assert.Equal("1|ä\n2|NULL\n3|", await db.QueryAsync("SELECT * FROM u ORDER BY id"));
        using var text = new StringContent("4,d\n", Encoding.UTF8);
        using var put = await s3.PutAsync(new Uri("/lake/in/part-1", UriKind.Relative), text, cancel);
        await db.ExecuteAsync($"COPY u FROM 's3://lake/in/part' IAM_ROLE '{RedshiftTestDatabase.Role}' CSV");
        Assert.Equal("4", await db.QueryAsync("SELECT count(*) FROM u"));
    }
}
