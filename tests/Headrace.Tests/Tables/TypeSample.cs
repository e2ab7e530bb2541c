namespace Headrace.Tests.Tables;

/// <summary>A type of PostgreSQL with the values at its edges.</summary>
/// <param name="Column">What DuckDB has for it.</param>
/// <param name="Values">For each PostgreSQL's text and the warehouse's; null where the value must be set aside.</param>
public sealed record TypeSample(string Type, string Column, IReadOnlyList<(string Text, string? Expected)> Values)
{
    /// <summary>Makes the types that are none of PostgreSQL's own.</summary>
    public const string Made =
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN price AS numeric(8,2); CREATE TYPE pair AS (a int, b text);";

    public static readonly IReadOnlyList<TypeSample> All =
    [
        Of("boolean", "BOOLEAN", "true|true;false|false"),
        Of("smallint", "SMALLINT", "-32768|-32768;32767|32767"),
        Of("integer", "INTEGER", "-2147483648|-2147483648;2147483647|2147483647"),
        Of("bigint", "BIGINT", "-9223372036854775808|-9223372036854775808;9223372036854775807|9223372036854775807"),
        Of("oid", "BIGINT", "4294967295|4294967295"),
        Of("xid8", "DECIMAL(20,0)", "18446744073709551615|18446744073709551615"),
        Of("numeric(12,2)", "DECIMAL(12,2)", "-9999999999.99|-9999999999.99;0.01|0.01;NaN|-"),
        Of(
            "numeric(38,0)",
            "DECIMAL(38,0)",
            "99999999999999999999999999999999999999|99999999999999999999999999999999999999"
        ),
        Of(
            "numeric(40,2)",
            "VARCHAR",
            "12345678901234567890123456789012345678.90|12345678901234567890123456789012345678.90"
        ),
        Of("numeric", "DECIMAL(38,12)", "1.123456789012|1.123456789012;1.1234567890123|-;1e30|-;NaN|-;Infinity|-"),
        Of("real", "FLOAT", "1.5|1.5;3.4028235e38|3.4028235e+38;NaN|-;Infinity|-"),
        Of(
            "double precision",
            "DOUBLE",
            "0.1|0.1;1.7976931348623157e308|1.7976931348623157e+308;5e-324|5e-324;-Infinity|-;NaN|-"
        ),
        Of("text", "VARCHAR", "a,\"b\"|a,\"b\";|;\\.|\\.;ünï 🙂|ünï 🙂"),
        Of("varchar(3)", "VARCHAR", "abc|abc"),
        Of("char(4)", "VARCHAR", "ab|ab  "),
        Of("bytea", "BLOB", @"\x00ff|\x00\xFF"),
        Of(
            "date",
            "DATE",
            "2024-02-29|2024-02-29;0001-01-01|0001-01-01;9999-12-31|9999-12-31;infinity|-;0044-03-15 BC|-;10000-01-01|-"
        ),
        Of("time", "TIME", "00:00:00|00:00:00;23:59:59.999999|23:59:59.999999;24:00:00|-"),
        Of("timetz", "VARCHAR", "12:30:00+02|12:30:00+02"),
        Of(
            "timestamp",
            "TIMESTAMP",
            "2024-02-29 23:59:59.123456|2024-02-29 23:59:59.123456;infinity|-;-infinity|-;0044-03-15 10:00:00 BC|-"
        ),
        Of(
            "timestamptz",
            "TIMESTAMP WITH TIME ZONE",
            "2024-03-31 02:30:00+01|2024-03-31 01:30:00+00;infinity|-;294276-01-01 00:00:00+00|-"
        ),
        Of("interval", "VARCHAR", "1 year 2 mons 3 days 04:05:06.7|P1Y2M3DT4H5M6.7S"),
        Of("uuid", "UUID", "00000000-0000-0000-0000-000000000000|00000000-0000-0000-0000-000000000000"),
        Of("json", "JSON", "{\"a\": 1, \"a\": 2}|{\"a\": 1, \"a\": 2}"),
        Of("jsonb", "JSON", "{\"b\": [1, null]}|{\"b\": [1, null]}"),
        Of("int[]", "JSON", "{1,NULL,3}|[1,null,3]"),
        Of("text[]", "JSON", "{\"a,b\",\"\"}|[\"a,b\",\"\"]"),
        Of("inet", "VARCHAR", "::1/128|::1;10.0.0.0/8|10.0.0.0/8"),
        Of("int4range", "VARCHAR", "[1,5)|[1,5)"),
        Of("point", "VARCHAR", "(1,2)|(1,2)"),
        Of("bit(3)", "VARCHAR", "101|101"),
        Of("money", "VARCHAR", "12.34|$12.34"),
        Of("tsvector", "VARCHAR", "'a':1|'a':1"),
        Of("xml", "VARCHAR", "<a/>|<a/>"),
        Of("mood", "VARCHAR", "sad|sad"),
        Of("price", "DECIMAL(8,2)", "1.5|1.50"),
        Of("pair", "JSON", "(1,x)|{\"a\":1,\"b\":\"x\"}"),
    ];

    /// <summary>Those of its values that fit.</summary>
    public TypeSample Fitting => this with { Values = [.. Values.Where(value => value.Expected is not null)] };

    public int Held => Values.Count(value => value.Expected is null);

    /// <param name="values">Text and expectation with | between them, - where it must be set aside, and ; between two
    /// of them.</param>
    public static TypeSample Of(string type, string column, string values) =>
        new(
            type,
            column,
            [
                .. values
                    .Split(';')
                    .Select(pair => pair.Split('|'))
                    .Select(pair => (pair[0], pair[1] == "-" ? null : pair[1])),
            ]
        );

    /// <summary>
    /// Makes a table of its values, numbered from 0 in the column <c>id</c>, with a NULL as the last of the column
    /// <c>v</c>.
    /// </summary>
    public string Create(string table) =>
        $"CREATE TABLE {table} (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v {Type}); "
        + $"INSERT INTO {table} (id, v) VALUES "
        + string.Join(
            ", ",
            Values.Select((value, i) => $"({i}, {Quoted(value.Text)})").Append($"({Values.Count}, NULL)")
        )
        + ";";

    /// <summary>The rows that are expected of that table.</summary>
    public IEnumerable<string> Expected(Func<string, string>? written = null) =>
        Values
            .Select((value, i) => (i, value.Expected))
            .Where(row => row.Expected is not null)
            .Select(row => $"{Type}: {row.i}|{written?.Invoke(row.Expected!) ?? row.Expected}")
            .Append($"{Type}: {Values.Count}|NULL");

    public static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
