namespace Headrace;

/// <summary>
/// Commands that are offered for pasting: a name from a lake, a catalogue or a configuration stays one word in them.
/// </summary>
public static class Shell
{
    /// <summary>
    /// One word of a POSIX shell: as it is when it holds letters, digits and <c>._-/=:@%+,</c> alone, else in quotes.
    /// Control characters are written as <c>$'\x..'</c>, so that a command has one line.
    /// </summary>
    public static string Word(string text)
    {
        if (
            text.Length > 0
            && text[0] != '-'
            && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "._-/=:@%+,".Contains(letter))
        )
            return text;
        if (!text.Any(Plain.IsHidden))
            return $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
        var escaped = text.Select(letter =>
            letter switch
            {
                '\'' or '\\' => $"\\{letter}",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when Plain.IsHidden(letter) => letter <= 0xff ? $"\\x{(int)letter:x2}" : $"\\u{(int)letter:x4}",
                _ => letter.ToString(),
            }
        );
        return $"$'{string.Concat(escaped)}'";
    }
}
