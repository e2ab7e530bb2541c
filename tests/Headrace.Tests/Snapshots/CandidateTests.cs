using System.Text;
using Headrace.DuckDb;
using Headrace.Lake;
using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>The rows that two exports have in common, found in as little memory as there is.</summary>
public sealed class CandidateTests : IDisposable
{
    private readonly DigestKey key = DigestKey.New();
    private readonly World world = new();

    [Theory]
    [InlineData(1, 5000, 1 << 20)]
    [InlineData(2, 5000, 100_000)]
    [InlineData(3, 5000, 34_000)]
    [InlineData(4, 500, 1)] // a round for each
    public async Task Candidates_are_the_rows_that_are_not_in_both_exactly_once(int seed, int count, long setBytes)
    {
        var random = new Random(seed);
        var before = Enumerable.Range(0, count).Select(i => $"{i},{new string('x', random.Next(1, 40))}").ToList();
        var after = before
            .Where(_ => random.Next(10) > 0)
            .Select(row => random.Next(10) == 0 ? $"{row}!" : row)
            .ToList();
        // Some there twice, and thrice.
        after.AddRange(Enumerable.Range(0, 100).Select(_ => after[random.Next(after.Count)]));
        after.AddRange(Enumerable.Range(0, 100).Select(i => $"{9000 + i},new"));
        var rows = after.ToArray();
        random.Shuffle(rows);
        var half = rows.Length / 2;

        StagedFile[] files =
        [
            await Stage("1.csv", rows[..half]),
            await Stage("2.csv", []),
            await Stage("3.csv", rows[half..]),
        ];
        var old = await Stage("0.csv", before);
        var candidates = new ChangedRecords(files, setBytes, TestContext.Current.CancellationToken);
        var gone = new HashSet<UInt128>();
        candidates.Find(
            before.Count,
            (set, rounds, round) =>
            {
                foreach (var digest in Digests(old).Where(digest => (long)(digest >> 64) % rounds == round))
                    set.Add(digest);
            },
            (set, _, _) => gone.UnionWith(set.NotSeenOnce())
        );
        var taken = candidates.Take(Path.Combine(world.Folder, "taken"));

        var times = rows.CountBy(row => row).ToDictionary();
        bool IsMatched(string row) => times.GetValueOrDefault(row) == 1;
        var matched = before.Where(IsMatched).ToHashSet();
        Assert.Equal(matched.Count, candidates.Matched);
        Assert.Equal(rows.Where(row => !matched.Contains(row)), taken.SelectMany(Rows));
        Assert.Equal(
            [half - rows[..half].Count(matched.Contains), 0, rows.Length - half - rows[half..].Count(matched.Contains)],
            taken.Select(file => file.Records)
        );
        Assert.Equal(
            Digests(old).Zip(before).Where(row => !matched.Contains(row.Second)).Select(row => row.First).ToHashSet(),
            gone
        );
    }

    [Theory]
    [InlineData(1, 4000)]
    [InlineData(2, 100)] // a round for each
    public async Task Keys_of_candidates_are_found_in_rounds_as_at_once(int seed, long setBytes)
    {
        var random = new Random(seed);
        List<string> Side() => [.. Enumerable.Range(0, 600).Select(_ => $"{random.Next(400)},{random.Next(2)}")];
        StagedFile[] olds = [await Stage("0.csv", Side())],
            news = [await Stage("1.csv", Side()), await Stage("2.csv", Side())];

        var (matched, expected) = Found(1 << 20);
        var (rounds, found) = Found(setBytes);

        Assert.Equal(matched, rounds);
        Assert.Equal(expected, found);

        (long Matched, string[] Rows) Found(long bytes)
        {
            var cancel = TestContext.Current.CancellationToken;
            var (before, after) = (new ChangedRecords(olds, bytes, cancel), new ChangedRecords(news, bytes, cancel));
            after.Find(before);
            var folder = Path.Combine(world.Folder, $"taken-{bytes}");
            return (
                after.Matched,
                [
                    .. before
                        .Take(Path.Combine(folder, "old"))
                        .Concat(after.Take(Path.Combine(folder, "new")))
                        .SelectMany(Rows),
                ]
            );
        }
    }

    public void Dispose() => world.Dispose();

    private async Task<StagedFile> Stage(string name, IReadOnlyList<string> rows)
    {
        world.Put(name, "id,name\n" + string.Concat(rows.Select(row => $"{row}\n")));
        var cancel = TestContext.Current.CancellationToken;
        var lake = new FolderStore(world.Lake);
        var file = (await lake.ListAsync(PathPattern.Parse(name), (_, _) => { }, cancel)).Single();
        return await new Stager(Path.Combine(world.Folder, "spool", name), new FileLimits())
        {
            SegmentBytes = 4000,
        }.StageAsync(
            lake,
            file,
            new FileFormat(FormatKind.Csv, new CsvDialect()),
            null,
            cancel,
            new DigestOptions(key, ["id"], IsInline: true)
        );
    }

    // A record is its line in the source and its digest, then its fields.
    private static IEnumerable<string> Rows(StagedFile file) =>
        file
            .Segments.SelectMany(segment =>
                File.ReadAllText(segment, Encoding.UTF8).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            )
            .Select(Fields);

    private static string Fields(string record) =>
        string.Join(',', record.Split(',').Where(field => field.Length > 0).Select(field => field.Trim('"')).Skip(3));

    private static List<UInt128> Digests(StagedFile file)
    {
        var digests = new List<UInt128>();
        using var reader = new DigestReader(file.Digests!);
        while (reader.Read())
            digests.Add(reader.Digest);
        return digests;
    }
}
