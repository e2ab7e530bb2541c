using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Exports that would do too much, and their confirmation.</summary>
public sealed class Limits : ExportTests
{
    private static readonly string[] Ten = [.. Enumerable.Range(1, 10).Select(i => $"{i},a,{i}")];

    [Fact]
    public async Task More_deletes_than_allowed_stop_and_the_next_good_export_goes_on()
    {
        Flow("limits: { max_deleted: 20% }");
        Export("v1", Ten);
        await World.Load();
        Export("v2", Ten[..7]);
        var run = await Stops("HDR-203");
        Assert.Contains(
            "The export v2 would delete 3 of 10 rows, more than limits: { max_deleted: 20% }; "
                + "nothing of it was loaded.",
            run.ErrorText,
            StringComparison.Ordinal
        );
        Assert.Contains("headrace run items --confirm items", run.ErrorText, StringComparison.Ordinal);
        await Stops("HDR-203");
        Export("v3", Ten[..8]);
        var answer = await World.Run("run", "--json");
        Assert.Equal((3, "HDR-203", "0i 0u 2d 8s 0q"), (answer.Exit, answer.Only.Error, answer.Only.Counts));
        Assert.Equal(8, Rows.Length);
        Assert.Contains("export v2 is older than v3", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task More_than_half_of_many_rows_are_not_deleted_unless_it_is_said()
    {
        Flow();
        Export("v1", [.. Enumerable.Range(0, 300).Select(i => $"{i},a,1")]);
        await World.Load();
        Export("v2", [.. Enumerable.Range(0, 149).Select(i => $"{i},a,1")]);
        await Stops("HDR-203");
        Flow("limits: { max_deleted: 60% }");
        Assert.Equal("0i 0u 151d 149s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task More_changes_than_allowed_stop()
    {
        Flow("limits: { max_changed: 20% }");
        Export("v1", Ten);
        await World.Load();
        Export(
            "v2",
            [
                .. Ten[..8].Select(row => row.Replace("1,a,1", "1,z,1", StringComparison.Ordinal)),
                "11,n,1",
                "12,n,1",
                "13,n,1",
            ]
        );
        await Stops("HDR-204");
        Export(
            "v3",
            [
                .. Ten[..9].Select(row => row.Replace("1,a,1", "1,z,1", StringComparison.Ordinal)),
                "11,n,1",
                "12,n,1",
                "13,n,1",
            ]
        );
        Assert.Equal("3i 1u 1d 8s 0q", (await World.Run("run", "--json")).Only.Counts);
    }

    [Fact]
    public async Task Fewer_rows_than_the_least_stop_from_the_first_export_on()
    {
        Flow("limits: { min_rows: 3 }");
        Export("v1", "1,a,1", "2,b,2");
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal(("stopped", "HDR-205"), (run.Outcome, run.Error));
        Export("v2", "1,a,1", "2,b,2", "3,c,3");
        await World.Run("run");
        Export("v3", "1,a,1", "2,b,2");
        await Stops("HDR-205");
        await Stops("HDR-205", args: ["--confirm", "items"]);
    }

    [Fact]
    public async Task Confirm_lets_exactly_what_was_stopped_through()
    {
        Flow("limits: { max_deleted: 20%, max_changed: 50% }");
        Export("v1", Ten);
        await World.Load();
        Export("v2", Ten[..3]);
        await Stops("HDR-203", args: ["--confirm", "items"]); // nobody has seen it yet
        await Stops("HDR-203", args: ["--confirm", "other"]);
        var answer = await World.Run("run", "--json", "--confirm", "items");
        Assert.Equal((0, "0i 0u 7d 3s 0q"), (answer.Exit, answer.Only.Counts));
        Assert.Contains(
            "confirmed: The export v2 would delete 7 of 10 rows",
            answer.Only.Warnings,
            StringComparison.Ordinal
        );
        Assert.Equal(3, Rows.Length);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task A_confirmation_is_not_for_other_files()
    {
        Flow("limits: { max_deleted: 20% }");
        Export("v1", Ten);
        await World.Load();
        Export("v2", Ten[..3]);
        await Stops("HDR-203");
        Export("v2", Ten[..2]);
        await Stops("HDR-203", args: ["--confirm", "items"]);
        Part("v2/2.csv", "3,a,3");
        await Stops("HDR-203", args: ["--confirm", "items"]);
        Assert.Equal("0i 0u 7d 3s 0q", (await World.Run("run", "--json", "--confirm", "items")).Only.Counts);
    }

    [Fact]
    public async Task A_confirmation_is_not_for_another_effect_of_the_same_files()
    {
        Flow("limits: { max_deleted: 20% }");
        Export("v1", Ten);
        await World.Load();
        Export("v3", Ten[..3]);
        await Stops("HDR-203");
        Export("v2", [.. Ten, "11,k,1", "12,l,1"]); // v3 deletes two more now
        var answer = await World.Run("run", "--json", "--confirm", "items");
        Assert.Equal((3, "HDR-203", "2i 0u 0d 10s 0q"), (answer.Exit, answer.Only.Error, answer.Only.Counts));
        Assert.Equal(12, Rows.Length);
    }
}
