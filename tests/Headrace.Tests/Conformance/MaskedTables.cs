using System.IO.Compression;
using System.Text;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Masks, expressions and conditions over the rows of a table.</summary>
public abstract class MaskedTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string People = """
        CREATE TABLE orders (id int PRIMARY KEY, email text, phone bigint, born date, seen timestamptz, secret text,
            total int, updated_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO orders SELECT i, 'canary' || i || '@x', 555000000 + i, '1990-05-06', '2024-02-29 10:11:12.5+00', 'canary',
            i, '2026-01-01' FROM generate_series(1, 5) i;
        INSERT INTO orders (id, updated_at) VALUES (6, '2026-01-02')
        """;
    private const string Shaped = """
        masks: { email: { hmac: "a key" }, phone: { keep_last: 4 }, born: { truncate: year }, seen: { truncate: day } },
        columns: { secret: { drop: true }, twice: { type: integer, expression: "total * 2" } }, where: "coalesce(phone, 0) <> 555000005"
        """;

    [Theory]
    [InlineData("read: incremental, primary_key: id, update_key: updated_at, write: merge")]
    [InlineData("read: incremental, create_key: updated_at, write: append")]
    [InlineData("read: full-refresh, write: replace")]
    [InlineData("read: snapshot, primary_key: id, write: merge")]
    public async Task RowsOfATableAreMaskedAndShaped(string read)
    {
        var shop = await Shop(People, $"{read}, archive: {{ connection: lake }}, {Shaped.ReplaceLineEndings(" ")}");
        var said = (await World.Run("plan", "--json")).Text;
        var answer = await World.Load();
        var run = answer.Only;
        Assert.True(run.Outcome == "loaded", answer.Text);
        Assert.Equal(("5i 0u 0d 0s 0q", 1), (run.Counts, run["filtered"]));
        Assert.Equal(
            ["1|***0001|1990-01-01|true|2", "2|***0002|1990-01-01|true|4", "6|NULL|NULL|NULL|NULL"],
            await Rows(
                "SELECT id, phone, CAST(born AS varchar), CAST(seen = TIMESTAMPTZ '2024-02-29 00:00:00+00' AS varchar), "
                    + "twice FROM raw.orders WHERE id IN (1, 2, 6) ORDER BY id"
            )
        );
        Assert.Equal("64", await Value("SELECT DISTINCT length(email) FROM raw.orders WHERE email IS NOT NULL"));
        var verify = await World.Run("verify");
        Assert.True(verify.Exit == 0, verify.Text);
        await shop.Execute("UPDATE orders SET email = 'canary', updated_at = now() WHERE id = 2");
        if (read.Contains("merge", StringComparison.Ordinal))
            Assert.Equal(1, (await World.Load()).Only["updated"]);
        said += verify.Text + (await World.Run("verify", "--json")).Text;
        Assert.DoesNotContain("canary", said, StringComparison.Ordinal);
        var pieces = "";
        foreach (var file in Directory.GetFiles(World.Folder, "*", SearchOption.AllDirectories))
        {
            var text = Encoding.Latin1.GetString(File.ReadAllBytes(file));
            if (file.EndsWith(".gz", StringComparison.Ordinal))
            {
                using var gzip = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
                text = await new StreamReader(gzip).ReadToEndAsync(Cancel);
                pieces += text;
                text = text.Replace(",canary,", ",,", StringComparison.Ordinal); // no mask hides it
            }

            foreach (var canary in (string[])["canary1", "canary2", "555000001", "1990-05-06", "10:11:12"])
                Assert.DoesNotContain(canary, text, StringComparison.Ordinal);
        }

        foreach (var masked in (string[])["***0001", "1990-01-01", "2024-02-29 00:00:00"])
            Assert.Contains(masked, pieces, StringComparison.Ordinal);
    }
}

public sealed class MaskedTablesIntoDuckDb(PostgresServer server) : MaskedTables(server, WarehouseKind.DuckDb);

public sealed class MaskedTablesIntoPostgres(PostgresServer server) : MaskedTables(server, WarehouseKind.Postgres);

public sealed class MaskedTablesIntoRedshift(PostgresServer server) : MaskedTables(server, WarehouseKind.Redshift);
