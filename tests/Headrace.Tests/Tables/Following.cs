using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// A workload that nobody here made up: pgbench writes at full speed while runs follow; afterwards both sides are
/// equal.
/// </summary>
public abstract class Following(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const int LeastSeconds = 6;
    private const int LeastRuns = 3;

    // pgbench's tables tell no time of change but that of their history.
    private const string Stamps = """
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tx := pg_current_xact_id();
            RETURN NEW; END $$;
        ALTER TABLE pgbench_accounts ADD tx xid8 NOT NULL DEFAULT pg_current_xact_id();
        ALTER TABLE pgbench_branches ADD tx xid8 NOT NULL DEFAULT pg_current_xact_id();
        ALTER TABLE pgbench_tellers ADD tx xid8 NOT NULL DEFAULT pg_current_xact_id();
        CREATE TRIGGER stamp BEFORE UPDATE ON pgbench_accounts FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TRIGGER stamp BEFORE UPDATE ON pgbench_branches FOR EACH ROW EXECUTE FUNCTION stamp();
        CREATE TRIGGER stamp BEFORE UPDATE ON pgbench_tellers FOR EACH ROW EXECUTE FUNCTION stamp();
        ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY
        """;

    [Fact]
    public async Task AllTablesOfPgbenchAreFollowedAndEqualAfterwards()
    {
        var shop = await Shop(
            "SELECT 1",
            "read: incremental, primary_key: aid, update_key: tx, write: merge",
            "table: pgbench_accounts"
        );
        await File.AppendAllTextAsync(
            Path.Combine(World.Folder, "headrace.yaml"),
            """

              branches: { source: { connection: shop, table: pgbench_branches }, read: incremental, primary_key: bid, update_key: tx, write: merge }
              tellers: { source: { connection: shop, table: pgbench_tellers }, read: incremental, primary_key: tid, update_key: tx, write: merge }
              history: { source: { connection: shop, table: pgbench_history }, read: incremental, primary_key: id, create_key: id, write: merge }

            """,
            Cancel
        );
        using (var fill = Bench(shop.Name, "-i", "-q", "-s", "1"))
            Assert.Equal(0, (await fill.Ended()).Exit);
        await shop.Execute(Stamps);

        using (var bench = Bench(shop.Name, "-n", "-c", "4", "-T", "120"))
        {
            // Into a slow warehouse the runs take longer, and the writers go on as long.
            var started = TimeProvider.System.GetTimestamp();
            for (
                var runs = 0;
                runs < LeastRuns || TimeProvider.System.GetElapsedTime(started).TotalSeconds < LeastSeconds;
                runs++
            )
                await World.Load();
            bench.Signal("TERM");
            await bench.Ended();
        }

        while (
            await shop.Query(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgbench'"
            )
                is [_, ..]
        )
            await Task.Delay(50, Cancel); // a commit may still be on its way
        await World.Load();
        var verified = await World.Run("verify", "--json");
        Assert.True(verified.Exit == 0, verified.Text);
        Assert.Equal(4, verified.Json.GetProperty("datasets").GetArrayLength());
        Assert.Equal(
            await shop.Query("SELECT count(*) AS n, sum(abalance) AS balance FROM pgbench_accounts"),
            await Rows("SELECT count(*) AS n, sum(abalance) AS balance FROM raw.orders")
        );
        Assert.Equal(
            await shop.Query("SELECT count(*) AS n, sum(delta) AS delta FROM pgbench_history"),
            await Rows("SELECT count(*) AS n, sum(delta) AS delta FROM raw.history")
        );
    }

    private Child Bench(string database, params string[] arguments) =>
        World.Start(
            Directory
                .GetDirectories("/usr/lib/postgresql")
                .Select(version => Path.Combine(version, "bin", "pgbench"))
                .Where(File.Exists)
                .Order()
                .Last(),
            ["-h", "127.0.0.1", "-p", $"{ServerPort}", "-U", "tester", .. arguments, database],
            new Dictionary<string, string> { ["PGPASSWORD"] = "known" }
        );
}

public sealed class FollowingIntoDuckDb(PostgresServer server) : Following(server, WarehouseKind.DuckDb);

public sealed class FollowingIntoPostgres(PostgresServer server) : Following(server, WarehouseKind.Postgres);

public sealed class FollowingIntoRedshift(PostgresServer server) : Following(server, WarehouseKind.Redshift);
