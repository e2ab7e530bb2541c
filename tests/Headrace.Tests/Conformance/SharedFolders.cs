using System.Globalization;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Two containers use one project folder: their processes have the same ids, and neither sees those of the other.
/// </summary>
public abstract class SharedFolders(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const int RowsEach = 3000,
        Rounds = 3;

    private static readonly string[] Names = ["one", "two"];

    private string Spool => Path.Combine(World.Folder, ".headrace", "spool");

    // Only root may make a name space of processes. Elsewhere the processes have ids of their own, and the test asks
    // less.
    private Child Container(IReadOnlyDictionary<string, string> environment, string flow) =>
        Environment.UserName == "root"
            ? World.Start(
                "unshare",
                [
                    "--pid",
                    "--fork",
                    "--mount-proc",
                    "sh",
                    "-c",
                    "\"$@\"; exit $?",
                    "sh",
                    .. World.Words("run", flow, "--json"),
                ],
                environment
            )
            : World.Start(environment, "run", flow, "--json");

    private Task TwoFlows(string write) =>
        Flows([
            .. Names.Select(name =>
                $"{name}: {{ source: {{ connection: lake, path: \"{name}/*.csv\" }}, read: incremental, {write} }}"
            ),
        ]);

    private void Put(string name, int round) =>
        World.Put(
            $"{name}/{round}.csv",
            "id,name\n"
                + string.Concat(
                    Enumerable
                        .Range(round * RowsEach, RowsEach)
                        .Select(id => string.Create(CultureInfo.InvariantCulture, $"{id},{name}\n"))
                )
        );

    [Theory]
    [InlineData("write: append")]
    [InlineData("primary_key: id, write: merge")]
    public async Task UnderLoadEveryRowIsInItsOwnTable(string write)
    {
        await TwoFlows(write);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var name in Names)
                Put(name, round);
            var children = Names.Select(name => Container(new Dictionary<string, string>(), name)).ToList();
            foreach (var child in children)
                using (child)
                    Assert.Equal("loaded", (await child.Ended()).Only.Outcome);
        }

        foreach (var name in Names)
            Assert.Equal(
                $"{RowsEach * Rounds}|{RowsEach * Rounds}|{name}|{name}",
                await Value($"SELECT count(*), count(DISTINCT id), min(name), max(name) FROM raw.{name}")
            );
        Assert.False(Directory.Exists(Spool), "the spool is not empty");
    }

    [Fact]
    public async Task ARunThatSleepsKeepsItsRowsWhileOthersComeAndGo()
    {
        await TwoFlows("primary_key: id, write: merge");
        foreach (var name in Names)
            Put(name, 0);
        await World.Load();
        foreach (var name in Names)
            Put(name, 1);
        using var sleeper = Container(World.At("transaction_begun", "stop"), "one");
        await sleeper.Until(() => Sleeping() is not null);
        using (var other = Container(new Dictionary<string, string>(), "two"))
            Assert.Equal("loaded", (await other.Ended()).Only.Outcome);
        Assert.NotEmpty(Directory.GetFiles(Spool, "*", SearchOption.AllDirectories));
        World.Start("kill", ["-CONT", Sleeping()!], new Dictionary<string, string>()).Dispose();
        Assert.Equal("loaded", (await sleeper.Ended()).Only.Outcome);
        foreach (var name in Names)
            Assert.Equal(
                $"{RowsEach * 2}|{name}|{name}",
                await Value($"SELECT count(DISTINCT id), min(name), max(name) FROM raw.{name}")
            );
    }

    [Fact]
    public async Task WhatAKilledRunLeftIsRemovedByTheNext()
    {
        await TwoFlows("primary_key: id, write: merge");
        Put("one", 0);
        using (var killed = Container(World.At("fenced", "kill"), "one"))
            Assert.Equal(137, (await killed.Ended()).Exit);
        Assert.NotEmpty(Directory.GetFiles(Spool, "*", SearchOption.AllDirectories));
        Assert.Equal(0, (await World.Run("run", "two")).Exit);
        Assert.False(Directory.Exists(Spool), "the spool is not empty");
    }

    // The process of this project that is stopped, by its id outside; null when none is.
    private string? Sleeping()
    {
        foreach (
            var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0]))
        )
            try
            {
                var stat = File.ReadAllText(Path.Combine(process, "stat"));
                if (
                    stat[(stat.LastIndexOf(')') + 2)..].StartsWith('T')
                    && File.ReadAllText(Path.Combine(process, "cmdline"))
                        .Contains(World.Folder, StringComparison.Ordinal)
                )
                    return Path.GetFileName(process);
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }

        return null;
    }
}

public sealed class SharedFoldersIntoPostgres(PostgresServer server) : SharedFolders(server, WarehouseKind.Postgres);

public sealed class SharedFoldersIntoRedshift(PostgresServer server) : SharedFolders(server, WarehouseKind.Redshift);
