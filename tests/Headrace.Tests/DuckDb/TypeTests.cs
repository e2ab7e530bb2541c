using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class TypeTests : IDisposable
{
    private readonly Memory memory = new();

    public void Dispose() => memory.Dispose();

    public static TheoryData<string, object?> Parameters()
    {
        var data = new TheoryData<string, object?>();
        foreach (
            var (type, values) in new (string, object?[])[]
            {
                ("BOOLEAN", [true, false]),
                ("TINYINT", [sbyte.MinValue, sbyte.MaxValue]),
                ("SMALLINT", [short.MinValue, short.MaxValue]),
                ("INTEGER", [int.MinValue, 0, int.MaxValue]),
                ("BIGINT", [long.MinValue, 0L, long.MaxValue]),
                ("UTINYINT", [byte.MaxValue]),
                ("USMALLINT", [ushort.MaxValue]),
                ("UINTEGER", [uint.MaxValue]),
                ("UBIGINT", [ulong.MaxValue]),
                ("HUGEINT", [Int128.MinValue, Int128.MinValue + 1, Int128.NegativeOne, Int128.MaxValue]),
                ("UHUGEINT", [UInt128.MaxValue]),
                (
                    "FLOAT",
                    [
                        float.MinValue,
                        float.MaxValue,
                        float.Epsilon,
                        float.NaN,
                        float.NegativeInfinity,
                        0.1f,
                        -0f,
                        16777216f,
                    ]
                ),
                (
                    "DOUBLE",
                    [
                        double.MinValue,
                        double.MaxValue,
                        double.Epsilon,
                        double.NaN,
                        double.PositiveInfinity,
                        0.1,
                        -0.0,
                        1e15,
                        1e16,
                        1e-4,
                        1e-5,
                        123456.789,
                    ]
                ),
                ("DECIMAL(4,1)", [-999.9m, 0.1m, 999.9m]),
                ("DECIMAL(9,9)", [-0.999999999m, 0m]),
                ("DECIMAL(18,3)", [-999999999999999.999m, -0.001m]),
                ("DECIMAL(29,0)", [decimal.MinValue, decimal.MaxValue]),
                ("DECIMAL(28,28)", [0.0000000000000000000000000001m, -0.1m]),
                ("DECIMAL(38,10)", [79228162514264337.5934395033m]),
                (
                    "VARCHAR",
                    ["", "twelve bytes", "thirteen byte", "Grüße, 世界 🦆", "a\0b", "'\"\\\n", new string('x', 100_000)]
                ),
                (
                    "BLOB",
                    [
                        Array.Empty<byte>(),
                        new byte[] { 0, 1, 31, 32, 34, 39, 92, 126, 127, 255 },
                        new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 },
                    ]
                ),
                ("DATE", [DateOnly.MinValue, new DateOnly(1969, 12, 31), new DateOnly(2024, 2, 29), DateOnly.MaxValue]),
                ("TIME", [TimeOnly.MinValue, new TimeOnly(1, 2, 3, 4, 5), new TimeOnly(863_999_999_990L)]),
                (
                    "TIMESTAMP",
                    [
                        DateTime.MinValue,
                        new DateTime(1969, 12, 31, 23, 59, 59).AddMicroseconds(999_999),
                        new DateTime(DateTime.MaxValue.Ticks / 10 * 10),
                    ]
                ),
                ("TIMESTAMP_S", [new DateTime(1, 1, 1), new DateTime(9999, 12, 31, 23, 59, 59)]),
                (
                    "TIMESTAMP_MS",
                    [new DateTime(1, 1, 1).AddMilliseconds(1), new DateTime(2024, 2, 29, 1, 2, 3).AddMilliseconds(120)]
                ),
                ("TIMESTAMP_NS", [new DateTime(1700, 1, 1).AddMicroseconds(1), new DateTime(2261, 1, 1, 1, 2, 3)]),
                (
                    "TIMESTAMPTZ",
                    [
                        DateTimeOffset.MinValue,
                        new DateTimeOffset(2024, 7, 1, 12, 0, 0, 120, TimeSpan.FromHours(2)),
                        new DateTimeOffset(1969, 12, 31, 23, 59, 59, 1, 1, TimeSpan.Zero),
                    ]
                ),
                (
                    "UUID",
                    [
                        Guid.Empty,
                        Guid.AllBitsSet,
                        new Guid("00112233-4455-6677-8899-aabbccddeeff"),
                        new Guid("fedcba98-7654-3210-0123-456789abcdef"),
                    ]
                ),
                ("JSON", ["{\"a\": [1, null, \"é\"]}"]),
                (
                    "VARCHAR[]",
                    [new List<string?> { "a", null, "a text of more than twelve bytes" }, new List<string?>()]
                ),
            }
        )
        foreach (var value in (object?[])[.. values, null])
            data.Add(type, value);
        return data;
    }

    [Theory]
    [MemberData(nameof(Parameters), DisableDiscoveryEnumeration = true)]
    public void A_value_comes_back_as_it_was_given(string type, object? value)
    {
        using var reader = memory.Query($"SELECT $1::{type} AS a, a::VARCHAR AS text", value);
        Assert.True(reader.Read());
        Assert.Equal(value is null, reader.IsNull(0));
        Assert.Equal(value, reader.GetValue(0));
        if (type != "VARCHAR[]")
            Assert.Equal(reader.GetValue(1), reader.GetText(0));
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData(
        "DATE",
        "infinity",
        "-infinity",
        "5877642-06-25 (BC)",
        "5881580-07-10",
        "0001-12-31 (BC)",
        "10000-01-01",
        "-0044-03-15"
    )]
    [InlineData("TIME", "24:00:00", "00:00:00.1", "00:00:00.000001")]
    [InlineData(
        "TIMESTAMP",
        "infinity",
        "-infinity",
        "290309-12-22 (BC) 00:00:00",
        "294247-01-10 04:00:54.775806",
        "0001-12-31 (BC) 23:59:59.5"
    )]
    [InlineData("TIMESTAMP_S", "infinity", "0044-03-15 (BC) 12:00:00", "1969-12-31 23:59:59")]
    [InlineData("TIMESTAMP_MS", "infinity", "0044-03-15 (BC) 12:00:00.001", "1969-12-31 23:59:59.999")]
    [InlineData(
        "TIMESTAMP_NS",
        "infinity",
        "-infinity",
        "1677-09-22 00:00:00",
        "2262-04-11 23:47:16.854775806",
        "1969-12-31 23:59:59.999999999",
        "2024-01-01 00:00:00.00000012"
    )]
    [InlineData(
        "TIMESTAMPTZ",
        "infinity",
        "0044-03-15 (BC) 12:00:00+00",
        "2024-01-01 00:00:00.5+02",
        "12345-01-01 00:00:00+00"
    )]
    [InlineData("DECIMAL(38,0)", "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999")]
    [InlineData(
        "DECIMAL(38,38)",
        "0.99999999999999999999999999999999999999",
        "-0.00000000000000000000000000000000000001",
        "0"
    )]
    [InlineData("DECIMAL(38,20)", "-123456789012345678.12345678901234567890")]
    [InlineData("DECIMAL(4,4)", "-0.0001", "0.9999")]
    [InlineData(
        "DOUBLE",
        "1e16",
        "123456789012345678",
        "1e-5",
        "1e100",
        "-1e-300",
        "9007199254740993",
        "0.30000000000000004",
        "5e-324"
    )]
    [InlineData("FLOAT", "1e16", "123456789", "1e-5", "3.4028235e38", "0.3", "1e-45")]
    [InlineData("ENUM('b', 'a''b')", "b", "a'b")]
    public void A_text_is_rendered_as_DuckDB_casts_it(string type, params string[] texts)
    {
        foreach (var text in texts)
        {
            using var reader = memory.Query($"SELECT {Sql.Literal(text)}::{type} AS a, a::VARCHAR");
            Assert.True(reader.Read());
            Assert.Equal(reader.GetString(1), reader.GetText(0));
        }
    }

    [Fact]
    public void Random_numbers_and_times_are_rendered_as_DuckDB_casts_them()
    {
        const string Sql = """
            SELECT x, x::VARCHAR FROM (
                SELECT CASE i % 3 WHEN 0 THEN random() * pow(10, random() * 40 - 20) WHEN 1 THEN round(random() * 1e17)
                    ELSE -random() * pow(2, random() * 2000 - 1000) END AS x
                FROM range(60000) t(i)) WHERE isfinite(x)
            """;
        Same(Sql);
        Same(
            """
            SELECT x, x::VARCHAR
            FROM (SELECT make_timestamp(((random() - 0.5) * 4e17)::BIGINT) AS x FROM range(20000))
            """
        );
        Same(
            """
            SELECT x, x::VARCHAR
            FROM (SELECT DATE '1970-01-01' + ((random() - 0.5) * 4e6)::INTEGER AS x FROM range(20000))
            """
        );
        Same("SELECT x, x::VARCHAR FROM (SELECT ((random() - 0.5) * 1e9)::DECIMAL(15,6) AS x FROM range(20000))");

        void Same(string sql)
        {
            using var reader = memory.Query(sql);
            while (reader.Read())
                Assert.Equal(reader.GetString(1), reader.GetText(0));
        }
    }

    [Fact]
    public void A_float_reads_back_from_its_text()
    {
        using var reader = memory.Query(
            "SELECT x FROM (SELECT (random() * pow(10, random() * 70 - 38))::FLOAT AS x FROM range(60000))"
        );
        while (reader.Read())
            Assert.Equal(
                reader.GetFloat(0),
                float.Parse(reader.GetText(0)!, System.Globalization.CultureInfo.InvariantCulture)
            );
    }

    [Fact]
    public void Typed_getters_widen_and_refuse_what_does_not_fit()
    {
        using var reader = memory.Query(
            """
            SELECT 7::TINYINT, 40000::INTEGER, 18446744073709551615::UBIGINT, 1.5::FLOAT,
            1.25::DECIMAL(9,2), NULL::BIGINT, 'x', 5::HUGEINT
            """
        );
        Assert.True(reader.Read());
        Assert.Equal(7, reader.GetInt64(0));
        Assert.Equal((short)7, reader.GetInt16(0));
        Assert.Throws<OverflowException>(() => reader.GetInt16(1));
        Assert.Throws<OverflowException>(() => reader.GetInt64(2));
        Assert.Equal(1.5, reader.GetDouble(3));
        Assert.Equal(1.25m, reader.GetDecimal(4));
        Assert.Contains(
            "is NULL",
            Assert.Throws<InvalidCastException>(() => reader.GetInt64(5)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "cast it in SQL",
            Assert.Throws<InvalidCastException>(() => reader.GetInt64(6)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(5, reader.GetInt32(7));
    }

    [Fact]
    public void Values_outside_of_NET_are_refused_and_readable_as_text()
    {
        using var reader = memory.Query(
            "SELECT DATE 'infinity', TIMESTAMP '12345-01-01', repeat('9', 38)::DECIMAL(38,0), TIME '24:00:00'"
        );
        Assert.True(reader.Read());
        for (var i = 0; i < reader.ColumnCount; i++)
            Assert.Throws<OverflowException>(() => reader.GetValue(i));
        Assert.Equal("12345-01-01 00:00:00", reader.GetText(1));
        Assert.Equal(new string('9', 38), reader.GetText(2));
    }

    [Fact]
    public void Columns_tell_their_names_and_types()
    {
        using var reader = memory.Query(
            """
            SELECT 1::DECIMAL(18,3) AS d, '{}'::JSON AS j, ['a'] AS l, now() AS "wh""en",
            'a'::ENUM('a') AS e, NULL AS n
            """
        );
        Assert.Equal(["d", "j", "l", "wh\"en", "e", "n"], Enumerable.Range(0, reader.ColumnCount).Select(reader.Name));
        Assert.Equal(
            ["DECIMAL(18,3)", "JSON", "VARCHAR[]", "TIMESTAMP WITH TIME ZONE", "ENUM('a')"],
            Enumerable.Range(0, 5).Select(reader.TypeName)
        );
        Assert.True(reader.Read());
        Assert.True(reader.IsNull(5));
        Assert.Null(reader.GetValue(5));
    }

    [Fact]
    public void A_type_that_is_not_bound_says_to_cast_it()
    {
        using var reader = memory.Query("SELECT {'a': 1}, INTERVAL 1 DAY, [1]");
        Assert.True(reader.Read());
        for (var i = 0; i < reader.ColumnCount; i++)
        {
            Assert.Contains(
                "cast it in SQL",
                Assert.Throws<InvalidCastException>(() => reader.GetValue(i)).Message,
                StringComparison.Ordinal
            );
            Assert.Contains(
                "cast it in SQL",
                Assert.Throws<InvalidCastException>(() => reader.GetText(i)).Message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Lists_are_parameters()
    {
        Assert.Equal(
            2,
            memory.Scalar<long>(
                "SELECT count(*) FROM range(5) t(i) WHERE list_contains($1, i)",
                new List<long> { 1, 3, 9 }
            )
        );
        Assert.Equal(0, memory.Scalar<long>("SELECT len($1)", new List<string>()));
        Assert.Equal(2, memory.Scalar<int>("SELECT len($1)::INTEGER", (object)new[] { "a", "b" }));
    }

    [Fact]
    public void Half_a_character_and_a_local_time_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => memory.Scalar<string>("SELECT $1", "a\uD800"));
        Assert.ThrowsAny<ArgumentException>(() => memory.Scalar<string>("SELECT '\uDC00'"));
        Assert.ThrowsAny<ArgumentException>(() =>
            memory.Scalar<DateTime>("SELECT $1", new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Local))
        );
        Assert.ThrowsAny<ArgumentException>(() => memory.Scalar<object>("SELECT $1", new object()));
    }
}
