namespace Headrace;

/// <summary>
/// The order of texts in which runs of digits are numbers of any length; everything else is compared letter by letter.
/// </summary>
public static class NaturalOrder
{
    /// <summary>Compares two texts; <c>v9</c> comes before <c>v10</c>, and <c>v01</c> is equal to <c>v1</c>.</summary>
    public static int Compare(string a, string b)
    {
        int i = 0,
            j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (!char.IsAsciiDigit(a[i]) || !char.IsAsciiDigit(b[j]))
            {
                if (a[i] != b[j])
                    return a[i].CompareTo(b[j]);
                i++;
                j++;
                continue;
            }

            var x = Digits(a, ref i);
            var y = Digits(b, ref j);
            var first = x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.SequenceCompareTo(y);
            if (first != 0)
                return first;
        }

        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
