using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F42 to F45: keys that are missing, double, nearly equal; properties that stand twice.</summary>
public sealed class Keys : ProjectTests
{
    private const string Words = """
        words:
          source: { connection: lake, path: "words/*" }
          columns: { word: text, part: text, n: integer }
          read: incremental
          primary_key: [word, part]
          write: merge
        """;

    [Fact]
    public async Task F42_a_null_in_a_key_goes_to_quarantine_and_an_empty_text_is_a_key()
    {
        World.Flows(Words).Put("words/1.csv", "word,part,n\na,,1\n,b,2\na,\"\",3\n\"\",\"\",4\n");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["2|part|NULL|the key column 'part' is NULL", "3|word|NULL|the key column 'word' is NULL"],
            World.Query("SELECT line, \"column\", value, reason FROM headrace.quarantine ORDER BY line")
        );
        World.Put("words/2.csv", "word,part,n\na,\"\",5\n");
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["||4", "a||5"], World.Query("SELECT * FROM raw.words ORDER BY word"));
    }

    [Fact]
    public async Task F42_a_file_without_the_key_column_is_refused()
    {
        World.Flows(Words).Put("words/1.csv", "word,n\na,1\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-106"), (answer.Exit, answer.Only.Error));
    }

    [Fact]
    public async Task F43_of_rows_with_one_key_the_last_of_the_last_file_wins_and_the_others_are_counted()
    {
        var random = new Random(7);
        World.Flows(Words);
        for (var file = 1; file <= 4; file++)
            World.Put(
                $"words/{file}.csv",
                "word,part,n\n"
                    + string.Concat(
                        Enumerable
                            .Range(0, 200)
                            .OrderBy(_ => random.Next())
                            .Select(i => $"w{i % 50},p,{file * 1000 + i}\n")
                    )
                    + string.Concat(Enumerable.Range(0, 50).Select(i => $"w{i},p,{file}\n")),
                landedSecondsAgo: 1000 - file
            );
        var run = (await World.Load()).Only;
        Assert.Equal("50i 0u 0d 0s 0q", run.Counts);
        Assert.Contains("950 rows had the key of a later row", run.Warnings, StringComparison.Ordinal);
        Assert.Equal("50|4|4", World.Value("SELECT count(*), min(n), max(n) FROM raw.words"));
    }

    [Fact]
    public async Task F44_keys_are_equal_when_their_bytes_are()
    {
        string[] words = ["a", "A", "a ", " a", "\u00E9", "e\u0301", "1", "1.0", "ß", "ss", "i", "ı"];
        World
            .Flows(Words)
            .Put("words/1.csv", "word,part,n\n" + string.Concat(words.Select((word, i) => $"\"{word}\",p,{i}\n")));
        Assert.Equal($"{words.Length}i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put(
            "words/2.csv",
            "word,part,n\n" + string.Concat(words.Select((word, i) => $"\"{word}\",p,{i + 100}\n"))
        );
        Assert.Equal($"0i {words.Length}u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(words, World.Query("SELECT word FROM raw.words ORDER BY n"));
    }

    [Fact]
    public async Task F44_a_number_as_key_is_equal_however_it_is_written()
    {
        World
            .Flows(Customers)
            .Put("customers/1.csv", "id,name\n1,a\n")
            .Put("customers/2.csv", "id,name\n01,b\n", landedSecondsAgo: 100)
            .Put("customers/3.csv", "id,name\n1.0,c\n", landedSecondsAgo: 50);
        await World.Load();
        Assert.Equal(["1|c"], World.Query("SELECT * FROM raw.customers"));
    }

    [Fact]
    public async Task F45_an_object_with_a_property_that_stands_twice_goes_to_quarantine()
    {
        World
            .Flows(Customers)
            .Put(
                "customers/1.jsonl",
                "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\",\"name\":\"c\"}\n"
                    + "{\"id\":3,\"name\":{\"x\":1,\"x\":2}}\n"
            );
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["2|the property 'name' stands twice", "3|a property within 'name' stands twice"],
            World.Query("SELECT line, reason FROM headrace.quarantine ORDER BY line")
        );
        Assert.Equal(["1|a"], World.Query("SELECT * FROM raw.customers"));
    }
}
