namespace Headrace.Configuration.Binding;

/// <summary>The word somebody may have meant.</summary>
internal static class Suggestion
{
    /// <summary>The known word nearest to <paramref name="word"/>, or null when none is near.</summary>
    public static string? For(string word, IEnumerable<string> known)
    {
        var near = known
            .Select(candidate => (Word: candidate, Distance: Distance(Plain(word), Plain(candidate))))
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault();
        return near.Word is not null && near.Distance <= Math.Max(1, Math.Min(word.Length, near.Word.Length) / 3)
            ? near.Word
            : null;
    }

    /// <summary>"did you mean 'x'?", or what to do when nothing is near.</summary>
    public static string Ask(string word, IEnumerable<string> known, string otherwise) =>
        For(word, known) is { } near ? $"did you mean '{near}'?" : otherwise;

    static string Plain(string word) => word.Replace('-', '_').ToLowerInvariant();

    // Edits by the letter: put in, leave out, change, and swap two neighbours.
    static int Distance(string a, string b)
    {
        if (a.Length > 64 || b.Length > 64)
            return int.MaxValue;
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        for (var j = 0; j <= b.Length; j++)
        {
            if (i == 0 || j == 0)
            {
                table[i, j] = i + j;
                continue;
            }

            var changed = a[i - 1] == b[j - 1] ? 0 : 1;
            var best = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + changed);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = Math.Min(best, table[i - 2, j - 2] + 1);
            table[i, j] = best;
        }

        return table[a.Length, b.Length];
    }
}
