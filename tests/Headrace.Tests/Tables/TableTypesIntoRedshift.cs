using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Every type of PostgreSQL on its way into a stand-in for Redshift: the same value in the type that docs/redshift.md
/// names, or set aside.
/// </summary>
public sealed class TableTypesIntoRedshift(PostgresServer server) : TableWorld(server, WarehouseKind.Redshift)
{
    // What only Redshift makes an edge of.
    private static readonly IReadOnlyList<TypeSample> Edges =
    [
        TypeSample.Of(
            "numeric(19,0)",
            "DECIMAL(19,0)",
            "9223372036854775807|9223372036854775807;-9223372036854775807|-9223372036854775807;"
                + "9223372036854775808|-;-9999999999999999999|-"
        ),
        TypeSample.Of(
            "numeric(19,2)",
            "DECIMAL(19,2)",
            "92233720368547758.07|92233720368547758.07;92233720368547758.08|-"
        ),
        TypeSample.Of("numeric(20,2)", "DECIMAL(20,2)", "999999999999999999.99|999999999999999999.99"),
        TypeSample.Of(
            "numeric(38,37)",
            "DECIMAL(38,37)",
            "9.9999999999999999999999999999999999999|9.9999999999999999999999999999999999999"
        ),
        TypeSample.Of("real", "FLOAT", "1e-45|1e-45;-0|-0;16777217|1.6777216e+07"),
        TypeSample.Of("text", "VARCHAR", "\\N|\\N;NULL|NULL;\\|\\;'|';\"|\";$$|$$;a  |a  ;\t|\t"),
        TypeSample.Of("char(3)", "VARCHAR", "ü|ü  "),
        TypeSample.Of("bytea", "BLOB", @"|-;\x5c6e|\x5c6e;\x0a|\x0a;\x00|\x00"),
        TypeSample.Of(
            "timestamptz",
            "TIMESTAMP WITH TIME ZONE",
            "2024-10-27 02:30:00+02|2024-10-27 00:30:00+00;2024-10-27 02:30:00+01|2024-10-27 "
                + "01:30:00+00;0001-01-01 00:00:00+00|0001-01-01 00:00:00+00;9999-12-31 "
                + "23:59:59.999999+00|9999-12-31 23:59:59.999999+00"
        ),
        TypeSample.Of(
            "timestamp",
            "TIMESTAMP",
            "0001-01-01 00:00:00|0001-01-01 00:00:00;9999-12-31 23:59:59.999999|9999-12-31 "
                + "23:59:59.999999;1969-12-31 23:59:59.999999|1969-12-31 23:59:59.999999"
        ),
        TypeSample.Of("json", "JSON", "\"\\u0000\"|\"\\u0000\";1e400|1e400;\"ü\\n\"|\"ü\\n\""),
        TypeSample.Of("uuid", "UUID", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff|ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ];

    private static string Type(string column) =>
        column switch
        {
            "VARCHAR" => "character varying 65535",
            "JSON" => "character varying 65534",
            "UUID" => "character 36",
            "BLOB" => "binary varying 1024000",
            "FLOAT" => "real",
            "DOUBLE" => "double precision",
            "TIME" or "TIMESTAMP" => $"{column.ToLowerInvariant()} without time zone",
            _ when column.StartsWith("DECIMAL", StringComparison.Ordinal) => $"numeric{column[7..]}",
            _ => column.ToLowerInvariant(),
        };

    // One table with a column for each type and a row for each value, in which the other columns are NULL.
    [Fact]
    public async Task EveryTypeComesAsItIsOrIsSetAside()
    {
        List<TypeSample> samples = [.. TypeSample.All, .. Edges];
        var values = samples
            .SelectMany(
                (sample, i) => sample.Values.Select(value => (Column: $"v{i}", sample.Type, value.Text, value.Expected))
            )
            .ToList();
        var shop = await Shop(
            $"""
            {TypeSample.Made} CREATE TABLE orders (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
                {string.Join(", ", samples.Select((sample, i) => $"v{i} {sample.Type}"))});
            {string.Concat(
                values.Select(
                    (value, i) =>
                        $"INSERT INTO orders (id, {value.Column}) VALUES ({i}, {TypeSample.Quoted(value.Text)});"
                )
            )}
                INSERT INTO orders (id) VALUES (9998)
            """,
            "read: incremental, primary_key: id, update_key: at, write: merge"
        );

        // The first time into a new table, the second time merged into one that has the rows.
        var fitting = values
            .Select((value, i) => (Id: i, value.Column, value.Type, value.Expected))
            .Where(value => value.Expected is not null)
            .ToList();
        for (var round = 0; round < 2; round++)
        {
            var run = (await World.Load()).Only;
            Assert.Equal((round == 0 ? fitting.Count + 1L : 1L, 0L), (run["inserted"], run["updated"]));
            if (round == 0)
                Assert.Equal(values.Count - fitting.Count, run["quarantined"]);
            Assert.Equal(
                samples.Select((sample, i) => $"v{i}|{Type(sample.Column)}"),
                await Rows(
                    """
                    SELECT column_name, CASE data_type WHEN 'numeric' THEN 'numeric('
                    || numeric_precision || ',' || numeric_scale || ')' ELSE data_type || coalesce(' '
                    || character_maximum_length, '') END AS t FROM svv_columns WHERE table_schema = 'raw'
                    AND table_name = 'orders' AND column_name LIKE 'v%' ORDER BY ordinal_position
                    """
                )
            );
            Assert.Equal(
                fitting.Select(value =>
                {
                    var expected =
                        value.Type == "bytea"
                            ? value.Expected!.Replace(@"00\xFF", "00ff", StringComparison.Ordinal)
                            : value.Expected;
                    return $"{value.Type}: {value.Id}|{expected}|1";
                }),
                (
                    await Rows(
                        string.Join(
                            " UNION ALL ",
                            fitting.Select(value =>
                                $"SELECT id, {value.Column}::text, "
                                + $"num_nonnulls({string.Join(", ", samples.Select((_, i) => $"v{i}"))}) AS n "
                                + $"FROM raw.orders WHERE id = {value.Id}"
                            )
                        ) + " ORDER BY id"
                    )
                ).Zip(fitting, (row, value) => $"{value.Type}: {row}")
            );
            await shop.Execute($"INSERT INTO orders (id) VALUES ({9999 + round})");
        }
    }

    [Fact]
    public async Task WhatIsTooLongForRedshiftIsSetAside()
    {
        await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, t text, b bytea, j jsonb);
            INSERT INTO orders
                VALUES (1, repeat('x', 65535), decode(repeat('00', 1024000), 'hex'), to_jsonb(repeat('x', 65532))),
                (2, repeat('x', 65536), NULL, NULL), (3, repeat('ü', 32768), NULL, NULL),
                (4, NULL, decode(repeat('00', 1024001), 'hex'), NULL), (5, NULL, NULL, to_jsonb(repeat('x', 65533)))
            """,
            "read: full-refresh, write: replace"
        );
        var run = (await World.Load()).Only;
        Assert.Equal((1L, 4L), (run["inserted"], run["quarantined"]));
        Assert.Equal(
            ["1|65535|1024000|65534"],
            await Rows("SELECT id, octet_length(t), length(b), octet_length(j) FROM raw.orders")
        );
    }

    [Fact]
    public async Task WhatRedshiftHasNoTypeForStopsByName()
    {
        await Shop(
            "CREATE TABLE orders (id int PRIMARY KEY, v numeric(38,38)); INSERT INTO orders VALUES (1, 0.5)",
            "read: full-refresh, write: replace"
        );
        Assert.Equal("HDR-318", (await World.Run("run", "--json")).Only.Error);
    }
}
