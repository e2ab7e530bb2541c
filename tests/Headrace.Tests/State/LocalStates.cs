using Headrace.Tests.Snapshots;
using Xunit;

namespace Headrace.Tests.State;

/// <summary>The versions of what lies beside a project.</summary>
public sealed class LocalStates : ExportTests
{
    [Fact]
    public async Task WhatALaterReleaseWroteIsRefused()
    {
        Flow();
        Export("v1", "1,a,1");
        await World.Load();
        var folder = Path.Combine(World.Folder, ".headrace");
        Assert.StartsWith(
            "2 0.",
            await File.ReadAllTextAsync(Path.Combine(folder, "locks"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );

        // The memory of an export.
        Export("v2", "1,b,1");
        var memory = Assert.Single(Directory.GetFiles(Memories, "*.json", SearchOption.AllDirectories));
        var text = await File.ReadAllTextAsync(memory, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(memory, """{"version":99}""", TestContext.Current.CancellationToken);
        Assert.Equal("HDR-406", (await World.Run("run", "--json")).Only.Error);
        await File.WriteAllTextAsync(memory, text, TestContext.Current.CancellationToken);

        // The folder; the ledger is refused by itself, as what it has is only read.
        await File.WriteAllTextAsync(Path.Combine(folder, "locks"), "99 9.9.9", TestContext.Current.CancellationToken);
        foreach (var command in (string[])["run", "plan"])
        {
            var answer = await World.Run(command);
            Assert.True(
                answer.Exit != 0
                    && answer.Text.Contains("HDR-405", StringComparison.Ordinal)
                    && answer.Text.Contains("9.9.9", StringComparison.Ordinal),
                answer.Text
            );
        }

        Assert.Equal(["1|a|1.00"], Rows);
    }
}
