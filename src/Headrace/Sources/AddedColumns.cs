using System.Globalization;
using System.Text;
using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>The values of the columns that a flow adds to the rows of a file.</summary>
internal static class AddedColumns
{
    // What Hive and Spark write for NULL in the name of a folder.
    private const string HiveNull = "__HIVE_DEFAULT_PARTITION__";

    public static IReadOnlyList<StagedColumn> Of(Flow flow, LakeFile file) =>
        [
            .. flow.AddColumns.Values.Select(column => new StagedColumn(column.Name)
            {
                IsAdded = true,
                Value = Value(flow, column, file),
            }),
        ];

    private static string? Value(Flow flow, AddedColumn column, LakeFile file)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["file.name"] = file.Key[(file.Key.LastIndexOf('/') + 1)..],
            ["file.path"] = file.Key,
        };
        foreach (var name in Captures.Of(column.Value).Where(file.Captures.ContainsKey))
        {
            var value = file.Captures[name];
            if (IsPartition(flow.Source.Path, name))
            {
                if (value == HiveNull)
                    return null;
                value = Unescaped(value);
            }

            values[name] =
                column.Value == $"{{{name}}}" && IsTime(flow, column) ? Time(flow.Source.Path, name, value) : value;
        }

        return Captures.Fill(column.Value, values);
    }

    // A folder such as dt={dt}.
    private static bool IsPartition(string path, string name) =>
        path.Split('/')
            .Any(part =>
                part.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
                && (
                    part[(at + 1)..] == $"{{{name}}}"
                    || part[(at + 1)..].StartsWith($"{{{name}:", StringComparison.Ordinal)
                )
            );

    private static bool IsTime(Flow flow, AddedColumn column) =>
        flow.DeclaredColumns()
            .Any(declared =>
                declared.From.Equals(column.Name, StringComparison.OrdinalIgnoreCase)
                && declared.Type?.Kind is TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz
            );

    // {date:yyyyMMdd} says how the time is written. What is none stays as it is, and its type sets it aside.
    private static string Time(string path, string name, string value)
    {
        var start = path.IndexOf($"{{{name}:", StringComparison.Ordinal);
        if (start < 0)
            return value;
        var format = path[(start + name.Length + 2)..path.IndexOf('}', start)];
        if (
            !DateTime.TryParseExact(
                value,
                format.Length == 1 ? $"%{format}" : format,
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var time
            )
        )
            return value;
        return time.ToString(
            format.AsSpan().IndexOfAny("Hms") >= 0 ? "yyyy-MM-dd'T'HH:mm:ss" : "yyyy-MM-dd",
            CultureInfo.InvariantCulture
        );
    }

    /// <summary>
    /// The text of a folder's name in which some characters are written %XX; one that is not UTF-8 then stays as it is.
    /// </summary>
    private static string Unescaped(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (
                text[i] == '%'
                && i + 2 < text.Length
                && byte.TryParse(
                    text.AsSpan(i + 1, 2),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var one
                )
            )
            {
                bytes.Add(one);
                i += 2;
                continue;
            }

            var length = char.IsSurrogatePair(text, i) ? 2 : 1;
            bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, length)));
            i += length - 1;
        }

        try
        {
            var plain = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
            return plain.Contains('\0', StringComparison.Ordinal) ? text : plain;
        }
        catch (ArgumentException)
        {
            return text;
        }
    }
}
