using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>A plan says what a run will do with exports, and writes nothing.</summary>
public sealed class Plans : ExportTests
{
    [Fact]
    public async Task The_plan_of_the_first_export_is_what_the_run_does()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2", "3,c,x");
        await SameAsRun();
    }

    [Fact]
    public async Task The_plan_of_several_first_exports_is_what_the_run_does()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        Export("v2", "1,A,1", "3,c,3");
        Export("v3", "1,A,1", "2,b,2");
        await SameAsRun();
    }

    [Fact]
    public async Task The_plan_of_several_exports_with_new_columns_is_what_the_run_does()
    {
        Flow("deletes: soft");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        World.Put("items/v2/1.csv", "id,name,price,more\n1,A,1,\n2,b,2,x\n");
        World.Put("items/v3/1.csv", "id,name,price,more\n1,A,1,y\n3,c,3,z\n");
        await SameAsRun();
    }

    [Fact]
    public async Task A_plan_shows_rows_column_by_column()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v2", "1,A,1", "3,c,3");
        Assert.Contains("name: a → A", (await World.Run("plan")).Output, StringComparison.Ordinal);
    }

    private async Task SameAsRun()
    {
        var before = State();
        var plan = (await World.Run("plan", "--json")).Only;
        Assert.Equal(("would_load", ""), (plan.Outcome, plan.Error ?? ""));
        Assert.Equal(before, State());
        var run = (await World.Load()).Only;
        Assert.Equal((run.Counts, run["batches"]), (plan.Counts, plan["batches"]));
    }

    private string State() =>
        string.Join(
            '\n',
            [
                .. Operation.Files(Ops),
                .. Directory.Exists(Path.Combine(World.Folder, ".headrace/outbox"))
                    ? Directory.GetFiles(
                        Path.Combine(World.Folder, ".headrace/outbox"),
                        "*",
                        SearchOption.AllDirectories
                    )
                    : [],
                .. Directory.Exists(Memories) ? Directory.GetFiles(Memories, "*", SearchOption.AllDirectories) : [],
                File.Exists(World.Warehouse) ? Convert.ToHexString(File.ReadAllBytes(World.Warehouse)) : "",
            ]
        );
}
