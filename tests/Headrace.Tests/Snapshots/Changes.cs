using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>What counts as an insert, an update and a delete.</summary>
public sealed class Changes : ExportTests
{
    [Fact]
    public async Task The_first_export_gives_inserts_only()
    {
        Flow();
        Export("v1", "1,a,1.50", "2,b,", "3,\"\",3");
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.50", "2|b|NULL", "3||3.00"], Rows);
        Assert.Equal(["INSERT 1: - -> 1|a|1.50", "INSERT 2: - -> 2|b|NULL", "INSERT 3: - -> 3||3.00"], Operations);
    }

    [Fact]
    public async Task The_next_export_gives_what_changed_and_nothing_else()
    {
        Flow();
        Export("v1", "1,a,1.50", "2,b,2", "3,c,3", "4,d,4");
        await World.Load();
        Export("v2", "4,d,4", "2,B,2", "5,e,5", "1,a,1.50");
        var run = (await World.Load()).Only;
        Assert.Equal(("1i 1u 1d 2s 0q", 3L), (run.Counts, run["published"]));
        Assert.Equal(["1|a|1.50", "2|B|2.00", "4|d|4.00", "5|e|5.00"], Rows);
        Assert.Equal(["DELETE 3: - -> -", "INSERT 5: - -> 5|e|5.00", "UPDATE 2: - -> 2|B|2.00"], Operations.Skip(4));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task A_number_written_in_another_way_is_no_change_and_a_text_is()
    {
        Flow();
        Export("v1", "1,1,1", "2,x,2.50");
        await World.Load();
        Export("v2", "01,1,1.00", "2.0,x,2.5", "+3,y,3");
        Assert.Equal("1i 0u 0d 2s 0q", (await World.Load()).Only.Counts);
        Export("v3", "1,1.0,1", "2,x,2.50", "3,y ,3");
        Assert.Equal("0i 2u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|1.0|1.00", "2|x|2.50", "3|y |3.00"], Rows);
    }

    [Fact]
    public async Task Null_and_empty_text_differ_in_both_directions()
    {
        Flow("publish: { connection: ops, before: true }");
        Export("v1", "1,,1", "2,\"\",2", "3,,3");
        await World.Load();
        Export("v2", "1,\"\",1", "2,,2", "3,,3");
        Assert.Equal("0i 2u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["UPDATE 1: 1|NULL|1.00 -> 1||1.00", "UPDATE 2: 2||2.00 -> 2|NULL|2.00"], Operations.Skip(3));
    }

    [Fact]
    public async Task A_composite_key_is_no_joined_text()
    {
        Flow("columns: { b: text, v: integer, a: text }", "primary_key: [a, b]");
        World.Put("items/v1/1.csv", "b,v,a\nb,1,a\nc,2,ab\nbc,3,a\n\"\",4,ab\n");
        await World.Load();
        World.Put("items/v2/1.csv", "a,b,v\nab,c,20\na,bc,3\n\"\",ab,5\nab,\"\",4\n");
        Assert.Equal("1i 1u 1d 2s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["DELETE a|b: - -> -", "INSERT |ab: - -> ab|5|", "UPDATE ab|c: - -> c|20|ab"], Operations.Skip(4));
        Assert.Equal(["|4|ab", "ab|5|", "bc|3|a", "c|20|ab"], Rows);
    }

    [Fact]
    public async Task Only_listed_columns_are_compared()
    {
        Flow("compare: [price]");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,A,1", "2,B,20", "3,c,3");
        Assert.Equal("0i 1u 0d 2s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00", "2|B|20.00", "3|c|3.00"], Rows);
        Flow("compare: all");
        Export("v3", "1,A,1", "2,B,20", "3,C,3");
        Assert.Equal("0i 2u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|A|1.00", "2|B|20.00", "3|C|3.00"], Rows);
    }

    [Fact]
    public async Task A_column_to_compare_that_is_not_there_stops()
    {
        Flow("compare: [prize]");
        Export("v1", "1,a,1");
        Assert.Equal("HDR-115", (await World.Run("run", "--json")).Only.Error);
    }

    [Fact]
    public async Task Soft_deleted_rows_stay_with_their_time_until_they_come_back()
    {
        Flow("deletes: soft");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,a,1", "3,C,3");
        Assert.Equal("0i 1u 1d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["1|a|1.00|true", "2|b|2.00|false", "3|C|3.00|true"],
            World.Query("SELECT id, name, price, deleted_at IS NULL FROM raw.items ORDER BY id")
        );
        Assert.Equal(
            "1",
            World.Value("SELECT count(*) FROM raw.items WHERE abs(date_diff('minute', deleted_at, now())) < 60")
        );
        Export("v3", "1,a,1", "2,b2,2", "3,C,3");
        var run = (await World.Load()).Only;
        Assert.Equal(("1i 0u 0d 2s 0q", ""), (run.Counts, run.Warnings));
        Assert.Equal(["1|a|1.00|NULL", "2|b2|2.00|NULL", "3|C|3.00|NULL"], Rows);
        Assert.Equal(["DELETE 2: - -> -", "UPDATE 3: - -> 3|C|3.00", "INSERT 2: - -> 2|b2|2.00"], Operations.Skip(3));
    }

    [Fact]
    public async Task Ignored_deletes_change_nothing_and_are_known_when_they_come_back()
    {
        Flow("deletes: ignore");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,a,1", "4,d,4");
        Assert.Equal("1i 0u 0d 1s 0q", (await World.Load()).Only.Counts);
        Export("v3", "1,a,1", "2,b,2", "3,C,3", "4,d,4");
        Assert.Equal("0i 1u 0d 3s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00", "2|b|2.00", "3|C|3.00", "4|d|4.00"], Rows);
        Assert.Equal(["INSERT 4: - -> 4|d|4.00", "UPDATE 3: - -> 3|C|3.00"], Operations.Skip(3));
    }

    [Fact]
    public async Task Before_images_are_those_of_the_export_before()
    {
        Flow("publish: { connection: ops, before: true }");
        Export("v1", "1,a,1", "2,b,2", "3,c,3");
        await World.Load();
        Export("v2", "1,a,1.5", "3,c,3");
        await World.Load();
        Export("v3", "1,z,1.5", "3,c,3.00");
        await World.Load();
        Assert.Equal(
            ["DELETE 2: 2|b|2.00 -> -", "UPDATE 1: 1|a|1.00 -> 1|a|1.50", "UPDATE 1: 1|a|1.50 -> 1|z|1.50"],
            Operations.Skip(3)
        );
    }

    [Fact]
    public async Task Rows_that_others_put_into_the_table_stay_and_lost_ones_are_said()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        World.Alter(
            """
            ALTER TABLE raw.items ADD COLUMN note VARCHAR; UPDATE raw.items SET note = 'mine';
            INSERT INTO raw.items VALUES (9, 'x', 9, 'other'); DELETE FROM raw.items WHERE id = 2
            """
        );
        Export("v2", "1,A,1", "2,B,2");
        var run = (await World.Load()).Only;
        Assert.Contains("raw.items was changed by others", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|A|1.00|mine", "2|B|2.00|NULL", "9|x|9.00|other"], Rows);
    }

    [Fact]
    public async Task The_same_text_in_another_form_of_dates_is_another_value()
    {
        const string columns = "columns: { id: bigint, name: date, price: \"decimal(12,2)\" }";
        Flow(columns, "source: { connection: lake, path: \"items/{version}/*\", csv: { date: dd.MM.yyyy } }");
        Export("v1", "1,02.03.2026,1");
        await World.Load();
        Flow(columns, "source: { connection: lake, path: \"items/{version}/*\", csv: { date: MM.dd.yyyy } }");
        Export("v2", "1,02.03.2026,1");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task The_same_text_for_another_column_is_another_value()
    {
        Flow("columns: { id: bigint, a: { type: text, from: name }, b: { type: text, from: price } }");
        Export("v1", "1,x,y");
        await World.Load();
        Flow("columns: { id: bigint, a: { type: text, from: price }, b: { type: text, from: name } }");
        Export("v2", "1,x,y");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|y|x"], Rows);
    }
}
