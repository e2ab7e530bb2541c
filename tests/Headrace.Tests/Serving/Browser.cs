using System.Diagnostics;
using System.Text.Json;
using Headrace.Tests.House;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>The pages in a real browser (Debian's Chromium), as a person goes through them.</summary>
public sealed class Browser
{
    private const string Flows = """
        orders:
          description: Orders of the shop
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: append
          columns: { id: integer, amount: integer }
          schedule: every 1d
        prices:
          source: { connection: lake, path: "prices/*.csv" }
          read: incremental
          write: append
          columns: { id: integer, price: integer }
        big:
          source: { connection: lake, path: "big/*.csv" }
          read: incremental
          write: append
        """;

    private const string Models = """
        project: Shop
        models:
          by_day: { sql: by_day.sql, write: replace }
          totals: { sql: totals.sql, write: replace }
          shares: { sql: shares.sql, write: replace }

        """;

    [Fact]
    public async Task A_person_finds_what_failed_mends_it_and_sees_it_run()
    {
        var world = new World()
            .Flows(Flows)
            .Put("orders/1.csv", "id,amount\n1,10\n2,x\n")
            .Put("prices/1.csv", "id,price\n1,1\n2,y\n");
        await File.AppendAllTextAsync(
            Path.Combine(world.Folder, "headrace.yaml"),
            Models,
            TestContext.Current.CancellationToken
        );
        foreach (
            var (name, sql) in (IReadOnlyList<(string, string)>)
                [
                    ("by_day", "SELECT current_date AS day, count(*) AS orders FROM raw.orders GROUP BY day"),
                    ("totals", "SELECT sum(amount) AS amount FROM raw.orders"),
                    ("shares", "SELECT day, orders / amount AS share FROM raw.by_day, raw.totals"),
                ]
        )
            await File.WriteAllTextAsync(
                Path.Combine(world.Folder, $"{name}.sql"),
                sql,
                TestContext.Current.CancellationToken
            );
        await using var served = await ServedProject.Start(world);
        await served.Run("orders");
        world.Put("orders/2.csv", "number\n7\n");
        await served.Run("orders");
        await served.Run("prices");
        for (var i = 2; i < 9; i++)
        {
            world.Put(
                $"prices/{i}.csv",
                string.Concat(Enumerable.Range(0, 10 * i).Select(n => $"{n},{i}\n").Prepend("id,price\n"))
            );
            await served.Run("prices");
        }

        world.Put(
            "big/1.csv",
            string.Concat(Enumerable.Range(0, 4_000_000).Select(n => $"{n},{n * 7},text {n}\n").Prepend("id,n,t\n"))
        );

        var seen = await Walk(served.Server.Address, world.PathOf("orders/2.csv"));

        Assert.False(seen.TryGetProperty("fault", out var fault), $"{fault} {seen}");
        Assert.Equal("[]", seen.GetProperty("console").ToString());
        Assert.Equal("[]", seen.GetProperty("wide").ToString());
        Assert.Contains("attention", seen.GetProperty("before").GetString(), StringComparison.Ordinal);
        Assert.Contains("HDR-1", seen.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("\"amount\"", seen.GetProperty("held").GetString(), StringComparison.Ordinal);
        Assert.Contains("1 of", seen.GetProperty("after").GetString(), StringComparison.Ordinal);
        Assert.True(seen.GetProperty("progress").GetArrayLength() >= 3, seen.GetProperty("progress").ToString());
        Assert.Contains("/events", seen.GetProperty("streams").ToString(), StringComparison.Ordinal);
        Assert.Equal("20", Assert.Single(world.Query("SELECT amount FROM raw.orders WHERE id = 2")));
    }

    private static async Task<JsonElement> Walk(string address, string badFile)
    {
        var folder = Path.Combine(Repository.Root, "tests", "Browser");
        var pictures = Environment.GetEnvironmentVariable("HEADRACE_PICTURES") is { } wanted
            ? Directory.CreateDirectory(Path.Combine(Repository.Root, wanted)).FullName
            : null;
        var start = new ProcessStartInfo(
            "node",
            ["walk.mjs", Chromium, address, badFile, .. (pictures is null ? (string[])[] : [pictures])]
        )
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var (output, errors) = (
            node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, await errors);
        return JsonDocument.Parse(await output).RootElement.Clone();
    }

    private static string Chromium =>
        ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser"]).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("There is no Chromium: install Debian's package chromium.");
}
