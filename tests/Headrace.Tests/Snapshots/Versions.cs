using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>The order of exports, and when one is complete.</summary>
public sealed class Versions : ExportTests
{
    [Fact]
    public async Task Exports_that_arrived_together_are_applied_one_after_another()
    {
        Flow();
        Export("v3", "1,c,3", "3,x,1");
        Export("v1", "1,a,1", "2,x,1");
        Export("v2", "1,b,2", "2,x,1");
        var run = (await World.Load()).Only;
        Assert.Equal((3L, "3i 2u 1d 1s 0q"), (run["batches"], run.Counts));
        Assert.Equal(["1|c|3.00", "3|x|1.00"], Rows);
        Assert.Equal(["v1", "v2", "v3"], Operation.Read(Ops).Select(operation => operation.Version).Distinct());
        Assert.Equal(
            ["v1|items/v1/1.csv|1|2|loaded", "v2|items/v2/1.csv|1|2|loaded", "v3|items/v3/1.csv|1|2|loaded"],
            Files
        );
        Assert.Equal("3|3", World.Value("SELECT count(*), count(DISTINCT load_id) FROM headrace.files"));
        Assert.Equal("3", World.Value("SELECT count(*) FROM headrace.loads"));
    }

    [Fact]
    public async Task Many_exports_of_one_size_within_a_second_are_not_taken_for_one_another()
    {
        Flow();
        for (var i = 10; i < 30; i++)
            Export($"v{i}", "1,a,1", $"{i},n{i},{i}");
        await World.Load();
        Assert.Equal(
            [
                "INSERT 10: - -> 10|n10|10.00",
                "INSERT 1: - -> 1|a|1.00",
                .. Enumerable
                    .Range(11, 19)
                    .SelectMany(i => (string[])[$"DELETE {i - 1}: - -> -", $"INSERT {i}: - -> {i}|n{i}|{i}.00"]),
            ],
            Operations
        );
        Assert.Equal(["1|a|1.00", "29|n29|29.00"], Rows);
    }

    [Fact]
    public async Task Versions_are_texts_unless_said_otherwise()
    {
        Flow();
        Export("v10", "1,ten,1");
        Export("v9", "1,nine,1");
        await World.Load();
        Assert.Equal(["1|nine|1.00"], Rows);
    }

    [Fact]
    public async Task Natural_versions_count()
    {
        Flow("version_order: natural");
        foreach (var version in (string[])["v10", "v9", "v2", "v9.10", "v9.9"])
            Export(version, $"1,{version},1");
        await World.Load();
        Assert.Equal(
            ["v2", "v9", "v9.9", "v9.10", "v10"],
            World.Query("SELECT version FROM headrace.files ORDER BY sequence")
        );
        Assert.Equal(["1|v10|1.00"], Rows);
    }

    [Fact]
    public async Task Landed_versions_go_by_time()
    {
        Flow("version_order: landed");
        World.Put("items/b/1.csv", "id,name,price\n1,b,1\n", landedSecondsAgo: 300);
        World.Put("items/a/1.csv", "id,name,price\n1,a,1\n", landedSecondsAgo: 200);
        World.Put("items/c/1.csv", "id,name,price\n1,c,1\n", landedSecondsAgo: 250);
        await World.Load();
        Assert.Equal(["b", "c", "a"], World.Query("SELECT version FROM headrace.files ORDER BY sequence"));
        World.Put("items/z/1.csv", "id,name,price\n1,z,1\n", landedSecondsAgo: 260);
        Assert.Contains("export z is older than a", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|a|1.00"], Rows);
    }

    [Fact]
    public async Task A_late_export_is_recorded_and_warned_of_once_and_not_applied()
    {
        Flow();
        Export("v2", "1,b,2");
        await World.Load();
        World.Put("items/v1/1.csv", "id,name,price\n1,a,1\n2,x,1\n", landedSecondsAgo: 7200);
        var run = (await World.Load()).Only;
        Assert.Equal(
            ("up_to_date", "export v1 is older than v2, which was applied; it is skipped"),
            (run.Outcome, run.Warnings)
        );
        Assert.Equal(["1|b|2.00"], Rows);
        Assert.Equal(["v2|items/v2/1.csv|1|1|loaded", "v1|items/v1/1.csv|1|0|superseded"], Files);
        Assert.Equal("", (await World.Load()).Only.Warnings);
        Assert.Single(Operations);
    }

    [Fact]
    public async Task A_later_export_with_an_earlier_name_is_told_on_each_run_until_the_order_is_said()
    {
        Flow();
        World.Put("items/31-01-2024/1.csv", "id,name,price\n1,a,1\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("items/01-02-2024/1.csv", "id,name,price\n1,b,1\n", landedSecondsAgo: 800);
        foreach (var _ in (int[])[1, 2, 3])
        {
            var warnings = (await World.Load()).Only.Warnings;
            Assert.StartsWith(
                "export 01-02-2024 is older than 31-01-2024, which was applied; it is skipped.",
                warnings,
                StringComparison.Ordinal
            );
            Assert.Contains("version_order: landed", warnings, StringComparison.Ordinal);
        }

        Assert.Equal(["1|a|1.00"], Rows);
        Flow("version_order: landed");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|b|1.00"], Rows);
        Assert.Equal("", (await World.Load()).Only.Warnings);
    }

    [Fact]
    public async Task Versions_may_be_dates_of_any_form()
    {
        Flow("source: { connection: lake, path: \"items/{version:dd-MM-yyyy}/*\" }");
        foreach (var version in (string[])["01-02-2024", "31-01-2024", "02-01-2025", "31-12-2024"])
            Export(version, $"1,{version},1");
        Export("32-01-2026", "1,none,1");
        Export("2026-01-01", "1,other,1");
        for (var i = 0; i < 2; i++)
        {
            var warnings = (await World.Load()).Only.Warnings;
            Assert.Contains(
                "version 32-01-2026 is no date of the form dd-MM-yyyy; items/32-01-2026/1.csv is not read",
                warnings,
                StringComparison.Ordinal
            );
            Assert.Contains("version 2026-01-01 is no date", warnings, StringComparison.Ordinal);
            Assert.DoesNotContain("skipped", warnings, StringComparison.Ordinal);
        }

        Assert.Equal(
            ["31-01-2024", "01-02-2024", "31-12-2024", "02-01-2025"],
            World.Query("SELECT version FROM headrace.files ORDER BY sequence")
        );
        Assert.Equal(["1|02-01-2025|1.00"], Rows);
    }

    [Theory]
    [InlineData("dd-mm-yyyy")]
    [InlineData("dd-MM")]
    [InlineData("yyyy-dd")]
    [InlineData("yyyyMMM")]
    public async Task A_form_whose_dates_have_no_order_is_no_form(string form)
    {
        Flow($"source: {{ connection: lake, path: \"items/{{version:{form}}}/*\" }}");
        var answer = await World.Run("run", "--json");
        Assert.Equal(2, answer.Exit);
        Assert.Contains("have no order", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_waits_for_its_marker()
    {
        Flow("complete_when: { marker: _SUCCESS }");
        Export("v1", "1,a,1");
        var run = (await World.Load()).Only;
        Assert.Equal(
            ("up_to_date", "export v1 is not complete: items/v1/_SUCCESS is not there"),
            (run.Outcome, run.Warnings)
        );
        World.Put("items/v1/_SUCCESS", "");
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_marker_may_carry_the_version_and_is_no_data()
    {
        Flow("complete_when: { marker: \"{version}.done\" }");
        Export("v1", "1,a,1");
        World.Put("items/v1/v1.done", "3 rows\n");
        Export("v2", "1,b,1");
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["v1|items/v1/1.csv|1|1|loaded"], Files);
    }

    [Fact]
    public async Task An_export_waits_for_its_parts_and_more_of_them_stop()
    {
        Flow("complete_when: { parts: 2 }");
        Part("v1/1.csv", "1,a,1");
        Assert.Equal("export v1 is not complete: it has 1 of 2 files", (await World.Load()).Only.Warnings);
        Part("v1/2.csv", "2,b,2");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["v1|items/v1/1.csv|2|1|loaded", "v1|items/v1/2.csv|2|1|loaded"], Files);
        foreach (var part in (string[])["1", "2", "3"])
            Part($"v2/{part}.csv", $"{part},c,1");
        await Stops("HDR-214");
        World.Remove("items/v2/3.csv");
        Assert.Equal("0i 2u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task An_export_that_is_still_written_waits_whole_and_so_do_those_after_it()
    {
        Flow("complete_when: { settle: 1h }");
        World.Put("items/v1/1.csv", "id,name,price\n1,a,1\n", landedSecondsAgo: 7200);
        World.Put("items/v1/2.csv", "id,name,price\n2,b,1\n", landedSecondsAgo: 100);
        World.Put("items/v2/1.csv", "id,name,price\n1,c,1\n", landedSecondsAgo: 7200);
        var run = (await World.Load()).Only;
        Assert.Equal("up_to_date", run.Outcome);
        Assert.Contains("items/v1/2.csv is still being written", run.Warnings, StringComparison.Ordinal);
        Flow("complete_when: { settle: 60s }");
        Assert.Equal(2, (await World.Load()).Only["batches"]);
        Assert.Equal(["1|c|1.00"], Rows);
    }
}
