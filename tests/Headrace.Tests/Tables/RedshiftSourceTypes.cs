using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Values of Redshift's types arrive as they are, or wait in quarantine.</summary>
public sealed class RedshiftSourceTypes(PostgresServer server) : RedshiftShop(server)
{
    private const string Whole = "read: full-refresh, write: replace";

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task TextsComeAsTheyAre(WarehouseKind kind)
    {
        await Shop("CREATE TABLE orders (id integer, name varchar(100), code char(8))", Whole, kind: kind);
        await Put(
            "INSERT INTO orders VALUES (1, NULL, NULL), (2, '', ''), (3, 'a,b', 'x'), "
                + "(4, E'a\"b\"\"', ' x'), (5, E'one\\ntwo\\r\\n', 'x'), (6, E'back\\\\slash\\t', 'x'), "
                + "(7, ' ü ', 'x'), (8, 'NULL', 'null'), (9, '\"', 'x'), (10, '\"\"', 'x'), (11, ',', 'x')"
        );
        await World.Load();
        Assert.Equal(
            [
                "1|NULL|NULL",
                "2||",
                "3|a,b|x",
                "4|a\"b\"\"| x",
                "5|one\ntwo\r\n|x",
                "6|back\\slash\t|x",
                "7| ü |x",
                "8|NULL|null",
                "9|\"|x",
                "10|\"\"|x",
                "11|,|x",
            ],
            await Rows("SELECT id, name, code FROM raw.orders ORDER BY id")
        );
        Assert.Equal("1|1", Assert.Single(await Rows("SELECT count(*), max(id) FROM raw.orders WHERE name IS NULL")));
    }

    [Fact]
    public async Task AColumnAloneKeepsNullAndEmptyApart()
    {
        await Shop("CREATE TABLE orders (name varchar(100))", Whole);
        await Put("INSERT INTO orders VALUES (NULL), (''), (NULL), (''), (''), ('x')");
        await World.Load();
        Assert.Equal(
            "2|3|6",
            Assert.Single(
                await Rows(
                    "SELECT count(*) FILTER (name IS NULL), count(*) FILTER (name = ''), count(*) FROM raw.orders"
                )
            )
        );
    }

    [Theory]
    [InlineData(WarehouseKind.DuckDb)]
    [InlineData(WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Redshift)]
    public async Task EveryTypeArrivesWithItsEdges(WarehouseKind kind)
    {
        await Shop(
            """
            CREATE TABLE orders (id integer, yes boolean, small smallint, big bigint, price decimal(38,10), real_ real,
                share double precision, day date, hour_ time, moment timestamp, zoned timestamptz,
                bytes varbyte(100), doc super, zone_time timetz)
            """,
            Whole,
            kind: kind
        );
        await Put(
            """
            INSERT INTO orders VALUES
                (1, true, -32768, -9223372036854775808, -9999999999999999999999999999.9999999999, 0.1,
                    0.1, '0001-01-01', '00:00', '0001-01-01 00:00:00', '0001-01-01 00:00:00Z', '\x01',
                    '{"b": [1, "x\"y,"], "a": null}', '10:00+02'),
                (2, false, 32767, 9223372036854775807, 9999999999999999999999999999.9999999999, 3.4028235e38,
                    1.7976931348623157e308, '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999',
                    '9999-12-31 23:59:59.999999Z', '\x00ff', '"text"', '10:00+02'),
                (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                (4, true, 0, 0, 0, 1.17549435e-38, 5e-324, '2024-02-29', '10:11:12.5', '2024-02-29 10:11:12.000001',
                    '2024-02-29 10:11:12.5+05:30', '\xdeadbeef', 'null', '10:00+02'),
                (5, true, 0, 0, 0, 'NaN', 0, '2024-02-29', '10:00', '2024-01-01', '2024-01-01', '\x01', '1',
                    '10:00+02'),
                (6, true, 0, 0, 0, 0, 0, '0044-03-15 BC', '10:00', '2024-01-01', '2024-01-01', '\x01', '1', '10:00+02'),
                (7, true, 0, 0, 0, 0, 0, '2024-01-01', '24:00', '2024-01-01', '2024-01-01', '\x01', '1', '10:00+02'),
                (8, true, 0, 0, 0, 0, 0, '2024-01-01', '10:00', '12024-01-01', '2024-01-01', '\x01', '1', '10:00+02')
            """
        );
        await World.Load();
        var one = kind == WarehouseKind.DuckDb ? "CAST({0} AS VARCHAR)" : "{0}::text";
        string Text(string column) => string.Format(System.Globalization.CultureInfo.InvariantCulture, one, column);
        Assert.Equal(
            [
                "1|true|-32768|-9223372036854775808|-9999999999999999999999999999.9999999999|"
                    + "0001-01-01|00:00:00|0001-01-01 00:00:00",
                "2|false|32767|9223372036854775807|9999999999999999999999999999.9999999999|"
                    + "9999-12-31|23:59:59.999999|9999-12-31 23:59:59.999999",
                "3|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
                "4|true|0|0|0.0000000000|2024-02-29|10:11:12.5|2024-02-29 10:11:12.000001",
            ],
            await Rows(
                $"""
                SELECT id, {Text("yes")}, small, big, {Text("price")}, {Text("day")}, {Text("hour_")},
                {Text("moment")} FROM raw.orders ORDER BY id
                """
            )
        );
        Assert.Equal(
            ["4|1|4|2|4"],
            await Rows(
                $"""
                SELECT count(*), sum(CASE WHEN real_ = CAST(0.1 AS real) AND share = CAST(0.1 AS double precision)
                    THEN 1 ELSE 0 END),
                    sum(CASE id WHEN 1 THEN CASE WHEN real_ = CAST(0.1 AS real) THEN 1 END
                        WHEN 2 THEN CASE WHEN real_ = CAST('3.4028235e38' AS real)
                        AND share = CAST('1.7976931348623157e308' AS double precision) THEN 1 END
                        WHEN 4 THEN CASE WHEN real_ = CAST('1.17549435e-38' AS real)
                            AND share = CAST('5e-324' AS double precision) THEN 1 END ELSE 1 END),
                    sum(CASE WHEN {Text("bytes")} IN
                        ({(
                    kind == WarehouseKind.DuckDb ? "'\\x00\\xFF', '\\xDE\\xAD\\xBE\\xEF'" : "'\\x00ff', '\\xdeadbeef'"
                )})
                        THEN 1 ELSE 0 END),
                    sum(CASE WHEN (id = 3) = (zoned IS NULL) THEN 1 ELSE 0 END) FROM raw.orders
                """
            )
        );
        Assert.Equal(
            [
                "1|{\"b\":[1,\"x\\\"y,\"],\"a\":null}|10:00:00+02",
                "2|\"text\"|10:00:00+02",
                "3|NULL|NULL",
                "4|null|10:00:00+02",
            ],
            (await Rows($"SELECT id, {Text("doc")}, zone_time FROM raw.orders ORDER BY id")).Select(row =>
                row.Replace(
                        "\"a\": null, \"b\": [1, \"x\\\"y,\"]",
                        "\"b\":[1,\"x\\\"y,\"],\"a\":null",
                        StringComparison.Ordinal
                    )
                    .Replace(
                        "\"a\":null,\"b\":[1,\"x\\\"y,\"]",
                        "\"b\":[1,\"x\\\"y,\"],\"a\":null",
                        StringComparison.Ordinal
                    )
            )
        );
        Assert.Equal(
            ["day|0044-03-15 BC", "hour_|24:00:00", "moment|12024-01-01 00:00:00", "real_|NaN"],
            await Rows("SELECT \"column\", value FROM headrace.quarantine ORDER BY 1")
        );
    }
}
