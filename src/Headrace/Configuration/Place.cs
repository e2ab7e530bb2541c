namespace Headrace.Configuration;

/// <summary>A place in a file of the user's, with its lines to show.</summary>
/// <param name="File">The file's name as users know it.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Excerpt">The line and the one before, and carets under the words; variables as they were
/// written.</param>
public sealed record Place(string File, int Line, int Column, string Excerpt)
{
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}
