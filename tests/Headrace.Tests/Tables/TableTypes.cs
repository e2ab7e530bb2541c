using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Every type of PostgreSQL with the values at its edges: equal in the warehouse, or set aside, and never another value.</summary>
public sealed class TableTypes(PostgresServer server) : TableWorld(server)
{
    // type, column type, then for each value PostgreSQL's text | the warehouse's text, or - where it must be set aside
    public static readonly TheoryData<string, string, string> Types = new()
    {
        { "boolean", "BOOLEAN", "true|true;false|false" },
        { "smallint", "SMALLINT", "-32768|-32768;32767|32767" },
        { "integer", "INTEGER", "-2147483648|-2147483648;2147483647|2147483647" },
        { "bigint", "BIGINT", "-9223372036854775808|-9223372036854775808;9223372036854775807|9223372036854775807" },
        { "oid", "BIGINT", "4294967295|4294967295" },
        { "xid8", "DECIMAL(20,0)", "18446744073709551615|18446744073709551615" },
        { "numeric(12,2)", "DECIMAL(12,2)", "-9999999999.99|-9999999999.99;0.01|0.01;NaN|-" },
        { "numeric(38,0)", "DECIMAL(38,0)", "99999999999999999999999999999999999999|99999999999999999999999999999999999999" },
        { "numeric(40,2)", "VARCHAR", "12345678901234567890123456789012345678.90|12345678901234567890123456789012345678.90" },
        { "numeric", "DECIMAL(38,12)", "1.123456789012|1.123456789012;1.1234567890123|-;1e30|-;NaN|-;Infinity|-" },
        { "real", "FLOAT", "1.5|1.5;3.4028235e38|3.4028235e+38;NaN|-;Infinity|-" },
        { "double precision", "DOUBLE", "0.1|0.1;1.7976931348623157e308|1.7976931348623157e+308;5e-324|5e-324;-Infinity|-;NaN|-" },
        { "text", "VARCHAR", "a,\"b\"|a,\"b\";|;\\.|\\.;ünï 🙂|ünï 🙂" },
        { "varchar(3)", "VARCHAR", "abc|abc" },
        { "char(4)", "VARCHAR", "ab|ab  " },
        { "bytea", "BLOB", @"\x00ff|\x00\xFF" },
        { "date", "DATE", "2024-02-29|2024-02-29;0001-01-01|0001-01-01;9999-12-31|9999-12-31;infinity|-;0044-03-15 BC|-;10000-01-01|-" },
        { "time", "TIME", "00:00:00|00:00:00;23:59:59.999999|23:59:59.999999;24:00:00|-" },
        { "timetz", "VARCHAR", "12:30:00+02|12:30:00+02" },
        { "timestamp", "TIMESTAMP", "2024-02-29 23:59:59.123456|2024-02-29 23:59:59.123456;infinity|-;-infinity|-;0044-03-15 10:00:00 BC|-" },
        { "timestamptz", "TIMESTAMP WITH TIME ZONE", "2024-03-31 02:30:00+01|2024-03-31 01:30:00+00;infinity|-;294276-01-01 00:00:00+00|-" },
        { "interval", "VARCHAR", "1 year 2 mons 3 days 04:05:06.7|P1Y2M3DT4H5M6.7S" },
        { "uuid", "UUID", "00000000-0000-0000-0000-000000000000|00000000-0000-0000-0000-000000000000" },
        { "json", "JSON", "{\"a\": 1, \"a\": 2}|{\"a\": 1, \"a\": 2}" },
        { "jsonb", "JSON", "{\"b\": [1, null]}|{\"b\": [1, null]}" },
        { "int[]", "JSON", "{1,NULL,3}|[1,null,3]" },
        { "text[]", "JSON", "{\"a,b\",\"\"}|[\"a,b\",\"\"]" },
        { "inet", "VARCHAR", "::1/128|::1;10.0.0.0/8|10.0.0.0/8" },
        { "int4range", "VARCHAR", "[1,5)|[1,5)" },
        { "point", "VARCHAR", "(1,2)|(1,2)" },
        { "bit(3)", "VARCHAR", "101|101" },
        { "money", "VARCHAR", "12.34|$12.34" },
        { "tsvector", "VARCHAR", "'a':1|'a':1" },
        { "xml", "VARCHAR", "<a/>|<a/>" },
        { "mood", "VARCHAR", "sad|sad" },
        { "price", "DECIMAL(8,2)", "1.5|1.50" },
        { "pair", "JSON", "(1,x)|{\"a\":1,\"b\":\"x\"}" },
    };

    // Without a value that must be set aside rows of most types come in binary form.
    [Theory]
    [MemberData(nameof(Types))]
    public Task ATypeComesAsItIs(string type, string column, string values) =>
        ATypeComesAsItIsOrIsSetAside(type, column, string.Join(';', values.Split(';').Where(pair => !pair.EndsWith("|-", StringComparison.Ordinal))));

    [Theory]
    [MemberData(nameof(Types))]
    public async Task ATypeComesAsItIsOrIsSetAside(string type, string column, string values)
    {
        var pairs = values.Split(';').Select(pair => pair.Split('|')).ToList();
        var rows = pairs.Select((pair, i) => $"({i}, '{pair[0].Replace("'", "''", StringComparison.Ordinal)}')").Append($"({pairs.Count}, NULL)");
        await Shop(
            $"CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN price AS numeric(8,2); CREATE TYPE pair AS (a int, b text); CREATE TABLE orders (id int, v {type}); INSERT INTO orders VALUES {string.Join(", ", rows)}",
            "read: full-refresh, write: replace");
        var run = (await World.Load()).Only;

        Assert.Equal(column, World.Value("SELECT data_type FROM information_schema.columns WHERE table_schema = 'raw' AND column_name = 'v'"));
        var expected = pairs.Select((pair, i) => (i, pair)).Where(one => one.pair[1] != "-").Select(one => $"{one.i}|{one.pair[1]}").Append($"{pairs.Count}|NULL");
        Assert.Equal(expected, World.Query("SELECT id, v::VARCHAR FROM raw.orders ORDER BY id"));
        Assert.Equal(pairs.Count(pair => pair[1] == "-"), run["quarantined"]);
    }
}
