using System.Globalization;

namespace Headrace.Tests.Snapshots;

/// <summary>
/// A column type with some of its values, each with the texts that mean it; the first of them is the plainest.
/// </summary>
public sealed record Kind(string Type, params string[][] Values)
{
    public static readonly IReadOnlyList<Kind> All =
    [
        new("boolean", ["true", "t", "1", "YES"], ["false", "f", "0", "no"]),
        new("smallint", ["1", "01", "+1", "1.0"], ["-32768"], ["32767", "32767.00"], ["0", "-0", "00"]),
        new("integer", ["7", "007", "7."], ["-7"], ["2147483647"], ["0", "-0"]),
        new("bigint", ["9223372036854775807"], ["-9223372036854775808"], ["10", "10.0", "+10"], ["9007199254740993"]),
        new(
            "decimal(12,2)",
            ["1", "1.0", "1.00", "+1.000"],
            ["0", "-0", "0.0", ".0"],
            ["-12.5", "-12.50"],
            ["9999999999.99"]
        ),
        new("decimal(38,10)", ["1234567890123456789012345678.0123456789"], ["1", "1.0"], ["0.0000000001"]),
        new("real", ["1.5", "1.50", "15e-1"], ["0", "-0", "0.0"], ["0.1", "1e-1"], ["-3.25e20"]),
        new(
            "double",
            ["0.1", "1e-1", ".1"],
            ["0", "-0"],
            ["1e300", "10e299"],
            ["-123456.789"],
            ["0.30000000000000004"]
        ),
        new(
            "text",
            [""],
            ["a"],
            ["A"],
            [" a"],
            ["a "],
            ["1"],
            ["1.0"],
            ["NULL"],
            ["null"],
            ["a;b,c|d"],
            ["say \"so\""],
            ["two\nlines"],
            ["tab\there"],
            ["Zürich ☃ 𝄞"],
            ["\\x00"],
            [new string('l', 3000)],
            [new string('l', 2999) + "k"]
        ),
        new("bytes", [@"\x00ff", "00FF", "00ff"], [@"\x"], [@"\xdeadbeef", "DeadBeef"]),
        new("date", ["2024-02-29"], ["1970-01-01"], ["9999-12-31"], ["0001-01-01"]),
        new("time", ["12:34:56", "12:34:56.000"], ["00:00:00", "00:00"], ["23:59:59.999999"]),
        new(
            "timestamp",
            ["2024-02-29 12:00:00", "2024-02-29T12:00:00", "2024-02-29 12:00"],
            ["1969-12-31 23:59:59.000001"],
            ["2024-02-29 00:00:00", "2024-02-29"]
        ),
        new(
            "timestamptz",
            ["2024-01-01 00:00:00+00", "2024-01-01T00:00:00Z", "2024-01-01 02:00:00+02:00", "2023-12-31 19:00:00-05"],
            ["2024-07-01 10:00:00.5+00", "2024-07-01 12:00:00.500+02"]
        ),
        new(
            "uuid",
            ["00000000-0000-0000-0000-000000000001"],
            ["deadbeef-dead-beef-dead-beefdeadbeef", "DEADBEEF-DEAD-BEEF-DEAD-BEEFDEADBEEF"]
        ),
        new("json", ["""{"a":1}"""], ["""{"a":"1"}"""], ["[1,null,\"x\"]"], ["\"text\""], ["17"]),
    ];

    /// <summary>True when a text that is none of its values exists.</summary>
    public bool CanBeBad => Type is not ("text" or "json");

    public bool IsNumber =>
        Type is "smallint" or "integer" or "bigint" or "real" or "double"
        || Type.StartsWith("decimal", StringComparison.Ordinal);

    /// <summary>One text for each value, however it is written.</summary>
    public string? Plain(string? text)
    {
        if (text is null || !IsNumber)
            return text;
        if (Type is "real")
            return (float.Parse(text, CultureInfo.InvariantCulture) + 0f).ToString("R", CultureInfo.InvariantCulture);
        if (Type is "double")
            return (double.Parse(text, CultureInfo.InvariantCulture) + 0d).ToString("R", CultureInfo.InvariantCulture);

        // No number of .NET has 38 digits.
        var digits = text.TrimStart('-', '+').TrimStart('0');
        if (digits.Contains('.', StringComparison.Ordinal))
            digits = digits.TrimEnd('0').TrimEnd('.');
        return digits.Length == 0 ? "0" : $"{(text[0] == '-' ? "-" : "")}{(digits[0] == '.' ? "0" : "")}{digits}";
    }

    /// <summary>The SQL of a value, for Parquet files.</summary>
    public string Literal(string? text) =>
        Type switch
        {
            _ when text is null => $"NULL::{Name}",
            "bytes" => $"unhex('{text[2..]}')",
            _ => $"{Headrace.DuckDb.Sql.Literal(text)}::{Name}",
        };

    /// <summary>The SQL of a column as text.</summary>
    public string Text(string column) =>
        Type == "bytes" ? $@"'\x' || lower(hex({column}))" : $"CAST({column} AS VARCHAR)";

    private string Name =>
        Type switch
        {
            "bytes" => "BLOB",
            "text" => "VARCHAR",
            _ => Type,
        };
}
