using System.Text.RegularExpressions;
using Headrace.Tests.House;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>What a role of PostgreSQL must be allowed: what docs/postgres.md says, and no less.</summary>
public sealed partial class TargetRoles(PostgresServer server) : ModelWorld(server, WarehouseKind.Postgres)
{
    [GeneratedRegex("database: (?<name>[a-z0-9_]+)")]
    private static partial Regex DatabaseName();

    [GeneratedRegex("## The role\n.*?```sql\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Published();

    private string role = "";
    private string database = "";

    // All ways of writing, with a role that has what the page says.
    private async Task Grant()
    {
        Sql("dim_customer", DimensionSql);
        Directory.CreateDirectory(Path.Combine(World.Folder, "staging"));
        await Flows(
            Customers,
            Orders,
            """stock: { source: { connection: lake, path: "stock/*" }, read: incremental, write: replace }""",
            """
            changes: { source: { connection: lake, path: "changes/*" }, read: cdc, cdc: { profile: none, order_by: [seq] },
              primary_key: id, write: merge }
            """,
            """
            past: { source: { connection: lake, path: "changes/*" }, read: cdc, cdc: { profile: none, order_by: [seq] },
              primary_key: id, write: scd2 }
            """
        );
        var path = Path.Combine(World.Folder, "headrace.yaml");
        database = DatabaseName().Match(await File.ReadAllTextAsync(path, Cancel)).Groups["name"].Value;
        role = $"few_{database}";
        await File.WriteAllTextAsync(
            path,
            (await File.ReadAllTextAsync(path, Cancel)).Replace(
                "user: tester",
                $"user: {role}",
                StringComparison.Ordinal
            ) + $"\nmodels:\n  {Dimension}\n",
            Cancel
        );
        await Alter($"REVOKE ALL ON DATABASE {database} FROM PUBLIC");
        var text = Published().Match(Repository.Read("docs", "postgres.md")).Groups["text"].Value;
        foreach (
            var statement in text.Replace("dwh", database, StringComparison.Ordinal)
                .Replace("loader", role, StringComparison.Ordinal)
                .Replace("secret", "known", StringComparison.Ordinal)
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            if (statement.Contains("raw.stock", StringComparison.Ordinal))
                await Alter("CREATE TABLE raw.stock (id bigint, name text)");
            await Alter(statement);
        }
    }

    private void Put(int day)
    {
        World.Put($"customers/{day}.csv", $"id,name,city\n10,ann{day},Rome\n{day},bob,\n");
        World.Put($"orders/{day}.csv", $"id,customer,amount\n{day},10,5.00\n");
        World.Put($"stock/{day}.csv", $"id,name\n{day},lamp\n");
        World.Put(
            $"changes/{day}.csv",
            $"Op,id,name,seq\nI,{day},a,{day}\nU,1,b{day},{day + 10}\nD,{day},,{day + 20}\n"
        );
    }

    private async Task<(int Exit, string Found, string Next)> Doctor()
    {
        var answer = await World.Run("doctor", "--json");
        var rights = answer
            .Json.GetProperty("checks")
            .EnumerateArray()
            .Single(check => check.GetProperty("name").GetString() == "warehouse rights");
        return (answer.Exit, rights.GetProperty("found").GetString()!, rights.GetProperty("next").GetString() ?? "");
    }

    // What is taken away is told, and given back by what the doctor says to do.
    private async Task Missed(string right, string from)
    {
        await Alter($"REVOKE {right} ON {from} FROM {role}");
        var (exit, found, next) = await Doctor();
        Assert.True(exit == 1, $"{right} on {from}: {found}");
        Assert.Contains(role, found, StringComparison.Ordinal);
        Assert.Contains(right, found, StringComparison.Ordinal);
        await Alter(next);
        Assert.Equal(0, (await Doctor()).Exit);
    }

    [Fact]
    public async Task TheRightsOfThePageSufficeAndEachOneIsMissed()
    {
        await Grant();
        Put(1);
        Assert.Equal(0, (await Doctor()).Exit);
        await Missed("TEMPORARY", $"DATABASE {database}");
        await Missed("USAGE", "SCHEMA raw");
        await Missed("CREATE", "SCHEMA raw");
        await Missed("CREATE", "SCHEMA mart");
        await Missed("USAGE", "SCHEMA headrace");
        await Missed("CREATE", "SCHEMA headrace");

        for (var day = 1; day <= 3; day++)
        {
            Put(day);
            Assert.All((await World.Load()).Runs, run => Assert.Null(run.Error));
        }

        Assert.Equal("3", await Value("SELECT count(*) FROM raw.orders"));
        Assert.Equal(["3|lamp"], await Rows("SELECT id, name FROM raw.stock"));
        Assert.Equal(0, (await World.Run("verify", "customers", "orders", "changes")).Exit);
        Assert.Equal(0, (await Doctor()).Exit);
        await Missed("CREATE", "SCHEMA headrace");
        await Missed("DELETE", "raw.stock");
        await Missed("SELECT", "raw.stock");
        await Missed("INSERT", "headrace.loads");
        await Missed("UPDATE", "headrace.positions");
    }

    [Fact]
    public async Task WhereSchemasAreMissingTheRoleMayMakeThem()
    {
        await Grant();
        Put(1);
        await Alter("DROP SCHEMA mart");
        var (exit, found, next) = await Doctor();
        Assert.Equal(1, exit);
        Assert.Contains($"CREATE ON DATABASE \"{database}\"", found, StringComparison.Ordinal);
        await Alter(next);
        Assert.Equal(0, (await Doctor()).Exit);
        Assert.All((await World.Load()).Runs, run => Assert.Null(run.Error));
    }
}

/// <summary>The same questions to a stand-in for Redshift.</summary>
public sealed class RedshiftRoles(PostgresServer server) : FileWorld(server, WarehouseKind.Redshift)
{
    [Fact]
    public async Task TheDoctorAsksForRights()
    {
        await Flows("""orders: { source: { connection: lake, path: "orders/*" }, read: incremental, write: append }""");
        World.Put("orders/1.csv", "id\n1\n");
        var answer = await World.Run("doctor");
        Assert.True(answer.Exit == 0, answer.Text);
        Assert.Contains("its role may do what loads need", answer.Text, StringComparison.Ordinal);
        await World.Load();
        Assert.Equal(0, (await World.Run("doctor")).Exit);
    }
}
