using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// The process is killed while its server still commits: the load is there seconds later, and so must be what belongs
/// to it.
/// </summary>
public abstract class LateCommits(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Flow = """
        items: { source: { connection: lake, path: "items/{version}/*.csv" }, read: snapshot, settle: 0s, primary_key: id, write: merge, retries: 0, publish: { connection: ops, before: true } }
        """;

    // COMMIT sleeps as long as the table says.
    private const string Slow = """
        CREATE TABLE public.pause (seconds float8 NOT NULL);
        INSERT INTO public.pause VALUES (0);
        CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(seconds)
            FROM public.pause; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER pause AFTER
            INSERT ON headrace.published DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.pause();
        """;

    private string Ops => Path.Combine(World.Folder, "ops");

    private void Export(string version, params string[] rows) =>
        World.Put($"items/{version}/1.csv", $"id,name\n{string.Join('\n', rows)}\n");

    private async Task KillInCommit()
    {
        await Alter("UPDATE public.pause SET seconds = 4");
        using var child = World.Start(new Dictionary<string, string>(), "run");
        while (
            await Value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            ) == "0"
        )
            await Task.Delay(20, Cancel);
        child.Signal("KILL");
        await child.Ended();
        await Alter("UPDATE public.pause SET seconds = 0");
    }

    [Fact]
    public async Task TheOperationsOfTheLoadArePublishedByTheNextRun()
    {
        await Flows(Flow);
        Export("v1", "1,a", "2,b");
        await World.Load();
        await Alter(Slow);
        Export("v2", "1,A", "3,c");
        await KillInCommit();

        var next = (await World.Load()).Only;
        Assert.Equal(("up_to_date", 3), (next.Outcome, next["published"]));
        Export("v3", "1,A", "4,d");
        Assert.Equal("loaded", (await World.Load()).Only.Outcome);
        Assert.Equal(["1|A", "4|d"], await Rows("SELECT id, name FROM raw.items ORDER BY id"));
        Assert.Equal(
            [2, 3, 2],
            Directory.GetFiles(Ops).Order(StringComparer.Ordinal).Select(file => File.ReadLines(file).Count())
        );
        Assert.Equal("3|3", await Value("SELECT count(*), count(published_at) FROM headrace.published"));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(World.Folder, ".headrace", "outbox")));
    }

    [Fact]
    public async Task TheMemoryOfTheExportIsKept()
    {
        await Flows(Flow);
        Export("v1", "1,a", "2,b");
        await World.Load();
        await Alter(Slow);
        Export("v2", "1,A", "3,c");
        await KillInCommit();

        // Of a key that waits in quarantine the memory alone knows the row as it was.
        await World.Load();
        var load = await Value("SELECT load_id FROM headrace.loads WHERE generation = 2");
        Assert.Contains(
            $"{load}.json",
            Directory
                .GetFiles(Path.Combine(World.Folder, ".headrace", "snapshots"), "*", SearchOption.AllDirectories)
                .Select(Path.GetFileName)
        );
    }

    [Fact]
    public async Task ALoadWhoseOperationsAreGoneIsNotCommitted()
    {
        await Flows(Flow);
        Export("v1", "1,a", "2,b");
        using (var child = World.Start(World.At("transaction_begun", "stop"), "run", "--json"))
        {
            await child.Stopped();
            Directory.Delete(Path.Combine(World.Folder, ".headrace", "outbox"), recursive: true);
            child.Signal("CONT");
            Assert.Equal("HDR-335", (await child.Ended()).Only.Error);
        }

        Assert.Equal(2, (await World.Load()).Only["published"]);
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.items"));
    }
}

public sealed class LateCommitsIntoPostgres(PostgresServer server) : LateCommits(server, WarehouseKind.Postgres);

public sealed class LateCommitsIntoRedshift(PostgresServer server) : LateCommits(server, WarehouseKind.Redshift);
