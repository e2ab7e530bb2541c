using System.Diagnostics;
using Headrace.StandIn;
using Npgsql;
using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>The Redshift stand-in: what it says it is, what it refuses, where it commits.</summary>
public class StandInTests(PostgresServer server)
{
    [Fact]
    public async Task It_says_that_it_is_redshift()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();

        Assert.Equal("8.0.2", db.PostgresParameters["server_version"]);
        Assert.EndsWith("Redshift 1.0.77467", await db.QueryAsync("SELECT version()"));
        Assert.Equal("8.0.2", await db.QueryAsync("SHOW server_version"));
        Assert.Equal(["SELECT version()", "SHOW server_version"], redshift.StandIn.Statements);
    }

    [Fact]
    public async Task Psql_talks_to_it_in_the_simple_protocol()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        using var psql = Process.Start(
            new ProcessStartInfo(
                "psql",
                [
                    "-At",
                    "-v",
                    "VERBOSITY=verbose",
                    "-c",
                    "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT a FROM t ORDER BY a",
                    "-c",
                    "SELECT 1; VACUUM t",
                    "-c",
                    "SELECT count(*) FROM t",
                    $"host=127.0.0.1 port={redshift.StandIn.Port} dbname={redshift.Database} user=tester "
                        + "password=known",
                ]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, errors) = (
            psql.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            psql.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );

        Assert.Equal("CREATE TABLE\nINSERT 0 2\n1\n2\n1\n2\n", await output);
        Assert.Contains("25001: VACUUM cannot run inside a transaction block", await errors);
    }

    private static readonly (string Sql, string Named)[] Foreign =
    [
        ("INSERT INTO t VALUES (1, 'a') ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("DELETE FROM t RETURNING id", "RETURNING"),
        ("SELECT DISTINCT ON (id) * FROM t", "DISTINCT ON"),
        ("SELECT * FROM t WHERE id = ANY('{1,2}')", "ANY (array)"),
        ("SELECT ARRAY[1]", "ARRAY[]"),
        ("SELECT string_agg(note, ',') FROM t", "string_agg()"),
        ("SELECT * FROM generate_series(1, 2)", "generate_series()"),
        ("CREATE UNIQUE INDEX i ON t (id)", "CREATE UNIQUE"),
        ("CREATE SEQUENCE s", "CREATE SEQUENCE"),
        ("CREATE TABLE u (id serial)", "\"serial\""),
        ("CREATE TABLE u (id uuid)", "\"uuid\""),
        ("CREATE TABLE u (id int[])", "an array"),
        ("CREATE TABLE u (LIKE t INCLUDING ALL)", "INCLUDING ALL"),
        ("CREATE TEMP TABLE u (id int) ON COMMIT DROP", "ON COMMIT"),
        ("CREATE TABLE u (id int) DISTKEY(other)", "\"other\""),
        ("CREATE TABLE u (id decimal(39,2))", "precision 39"),
        ("CREATE TABLE u (id varchar(65536))", "65535"),
        ("CREATE TABLE u (xmin int)", "system column"),
        ("CREATE TABLE u (s super) SORTKEY(s)", "SUPER"),
        ("CREATE TABLE u (id int CHECK (id > 0))", "CHECK"),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS x int", "IF NOT EXISTS"),
        ("ALTER TABLE t ADD COLUMN x int, ADD COLUMN y int", "more than one"),
        ("ALTER TABLE t ADD COLUMN x int NOT NULL", "default"),
        ("ALTER TABLE t ALTER COLUMN id TYPE bigint", "VARCHAR columns only"),
        ("ALTER TABLE t ALTER COLUMN note SET NOT NULL", "SET"),
        ("SELECT * FROM t FOR UPDATE", "FOR UPDATE"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("SELECT pg_advisory_lock(1)", "pg_advisory_lock()"),
        ("NOTIFY a", "NOTIFY"),
        ("COPY t FROM STDIN", "STDIN"),
        ("COPY (SELECT 1) TO STDOUT", "STDOUT"),
        ("SELECT * FROM (VALUES (1)) AS v", "VALUES"),
        ("SELECT 1 IS DISTINCT FROM 2", "IS DISTINCT FROM"),
        ("SELECT 1 EXCEPT ALL SELECT 2", "EXCEPT ALL"),
        ("SELECT * FROM t TABLESAMPLE SYSTEM (1)", "TABLESAMPLE"),
        ("UPDATE t SET note = s.note FROM t AS s LEFT JOIN t AS r ON s.id = r.id WHERE t.id = s.id", "equijoin"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET note = s.note", "each once"),
        (
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.id > 1 THEN DELETE WHEN NOT MATCHED "
                + "THEN INSERT VALUES (1, 'a')",
            "no further condition"
        ),
        ("SELECT now()", "now()"),
        ("SELECT current_timestamp", "getdate()"),
        ("SELECT '{}'::jsonb", "\"jsonb\""),
        ("SELECT to_regclass('t')", "to_regclass()"),
        ("SET lock_timeout = 1", "lock_timeout"),
        ("LOCK TABLE t IN EXCLUSIVE MODE", "IN"),
        ("DO $$ BEGIN END $$", "does not know"),
        ("SELECT set_config('lock_timeout', '1', false)", "lock_timeout"),
        ("CREATE TABLE u AS SELECT 1 AS a WITH NO DATA", "WITH NO DATA"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
        ("DISCARD ALL", "does not know"),
    ];

    [Fact]
    public async Task It_refuses_what_redshift_refuses_and_names_it()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(10))");
        await db.ExecuteAsync("CREATE TABLE s (id int, note varchar(10))");

        var otherwise = new List<string>();
        foreach (var (sql, named) in Foreign)
            try
            {
                await db.ExecuteAsync(sql);
                otherwise.Add($"taken: {sql}");
            }
            catch (PostgresException refused)
            {
                if (!refused.MessageText.Contains(named, StringComparison.Ordinal))
                    otherwise.Add($"{sql}: {refused.MessageText}");
            }

        Assert.Empty(otherwise);
        Assert.Equal("0", await db.QueryAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Truncate_commits_what_came_before_it()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int)");
        await db.ExecuteAsync("CREATE TABLE u (id int)");
        await db.ExecuteAsync("INSERT INTO t VALUES (1)");

        await db.ExecuteAsync("BEGIN");
        await db.ExecuteAsync("INSERT INTO u VALUES (1)");
        await db.ExecuteAsync("TRUNCATE t");
        await db.ExecuteAsync("ROLLBACK");

        Assert.Equal("0|1", await db.QueryAsync("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)"));
    }

    [Fact]
    public async Task Keys_are_declared_and_not_enforced()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync(
            """
            CREATE TABLE t ("ID" int PRIMARY KEY ENCODE az64 DISTKEY SORTKEY, other int UNIQUE,
            UNIQUE (id, other)) DISTSTYLE KEY
            """
        );
        await db.ExecuteAsync("INSERT INTO t VALUES (1, 1), (1, 1)");
        Assert.Equal("1|1\n1|1", await db.QueryAsync("SELECT id, \"Other\" FROM t"));
        await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync("INSERT INTO t VALUES (NULL, 1)"));
    }

    [Fact]
    public async Task Lengths_are_bytes_and_text_is_short()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync(
            "CREATE TABLE t (a varchar(4), b text, c decimal, d super, e varbyte(2), f char(3), g timestamptz)"
        );
        await db.ExecuteAsync("CREATE TABLE u (LIKE t)");
        await db.ExecuteAsync("INSERT INTO u (a) VALUES ('éé')");

        Assert.Equal(
            "Value too long for character type",
            (
                await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync("INSERT INTO u (a) VALUES ('ééé')"))
            ).MessageText
        );
        Assert.Equal(
            "Value too long for character type",
            (
                await Assert.ThrowsAsync<PostgresException>(() =>
                    db.ExecuteAsync("INSERT INTO t (b) VALUES (repeat('x', 257))")
                )
            ).MessageText
        );
        Assert.Equal(
            "character varying|4|NULL|NULL\ncharacter varying|256|NULL|NULL\nnumeric|NULL|18|0\n"
                + "super|NULL|NULL|NULL\nbinary varying|2|NULL|NULL\ncharacter|3|NULL|NULL\n"
                + "timestamp with time zone|NULL|NULL|NULL",
            await db.QueryAsync(
                """
                SELECT data_type, character_maximum_length, numeric_precision, numeric_scale
                FROM svv_columns WHERE table_name = 'u' ORDER BY ordinal_position
                """
            )
        );

        await db.ExecuteAsync("ALTER TABLE u ALTER COLUMN a TYPE varchar(6)");
        await db.ExecuteAsync("INSERT INTO u (a) VALUES ('ééé')");
        await db.ExecuteAsync("BEGIN");
        Assert.Equal(
            "25001",
            (
                await Assert.ThrowsAsync<PostgresException>(() =>
                    db.ExecuteAsync("ALTER TABLE u ALTER COLUMN a TYPE varchar(8)")
                )
            ).SqlState
        );
    }

    [Fact]
    public async Task Redshifts_own_functions_are_there()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(10), doc super)");
        await db.ExecuteAsync("INSERT INTO t SELECT 1, 'a', json_parse('{\"x\": [1, \"a, b\"]}')");
        await db.ExecuteAsync("INSERT INTO t SELECT 2, NULL, NULL");

        Assert.Equal(
            "a,-",
            await db.QueryAsync("SELECT listagg(nvl(note, '-'), ',') WITHIN GROUP (ORDER BY id) FROM t")
        );
        Assert.Equal(
            "{\"x\":[1,\"a, b\"]}|3|NULL",
            await db.QueryAsync("SELECT json_serialize(doc), len('äöü'), concat('a', NULL) FROM t WHERE id = 1")
        );
        await using (
            var bare = new NpgsqlCommand("SELECT doc, from_hex('00') FROM t", db) { AllResultTypesAreUnknown = true }
        )
        await using (var reader = await bare.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            Assert.Equal((4000u, 6551u), (reader.GetDataTypeOID(0), reader.GetDataTypeOID(1)));
        Assert.Equal(
            "True|1",
            await db.QueryAsync(
                """
                SELECT CASE WHEN getdate() <= sysdate AND sha2('a', 256) LIKE 'ca978112%' THEN 'True' END,
                CASE 'a\'b' WHEN 'a''b' THEN 1 END
                """
            )
        );
    }

    [Fact]
    public async Task A_statement_has_at_most_32767_parameters_of_known_types()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await using var one = new NpgsqlCommand("SELECT $1::int + 1", db) { Parameters = { new() { Value = 41 } } };
        Assert.Equal(42, await one.ExecuteScalarAsync(TestContext.Current.CancellationToken));

        await using var many = new NpgsqlCommand(
            $"SELECT 1 WHERE 1 IN ({string.Join(",", Enumerable.Range(1, 32768).Select(i => $"${i}"))})",
            db
        );
        for (var i = 0; i < 32768; i++)
            many.Parameters.Add(new NpgsqlParameter { Value = i });
        Assert.Equal(
            "54000",
            (
                await Assert.ThrowsAsync<PostgresException>(() =>
                    many.ExecuteScalarAsync(TestContext.Current.CancellationToken)
                )
            ).SqlState
        );

        await using var guid = new NpgsqlCommand("SELECT $1", db) { Parameters = { new() { Value = Guid.Empty } } };
        Assert.Contains(
            "2950",
            (
                await Assert.ThrowsAsync<PostgresException>(() =>
                    guid.ExecuteScalarAsync(TestContext.Current.CancellationToken)
                )
            ).MessageText
        );
    }

    [Fact]
    public async Task A_commit_can_be_cut_before_and_after_it_is_done()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var look = await redshift.OpenAsync();
        await look.ExecuteAsync("CREATE TABLE t (id int)");
        foreach (var (cut, id) in new[] { (Cut.Before, 1), (Cut.After, 2) })
        {
            await using var db = await redshift.OpenAsync();
            await db.ExecuteAsync("BEGIN");
            await db.ExecuteAsync($"INSERT INTO t VALUES ({id})");
            redshift.StandIn.CutAround("COMMIT", cut);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => db.ExecuteAsync("COMMIT"));
        }

        Assert.Equal("2", await look.QueryAsync("SELECT id FROM t"));
        redshift.StandIn.FailNext("INSERT", "planted", "0A000");
        Assert.Equal(
            "planted",
            (
                await Assert.ThrowsAsync<PostgresException>(() => look.ExecuteAsync("INSERT INTO t VALUES (3)"))
            ).MessageText
        );
        await look.ExecuteAsync("INSERT INTO t VALUES (3)");
    }

    [Fact]
    public async Task Pipelined_and_prepared_statements_go_through_and_an_error_ends_the_transaction_only()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
        await using (
            var batch = new NpgsqlBatch(db)
            {
                BatchCommands =
                {
                    new("INSERT INTO t VALUES (3)"),
                    new("SELECT id FROM t ORDER BY id"),
                    new("TRUNCATE t"),
                    new("SELECT count(*) FROM t"),
                },
            }
        )
        await using (var reader = await batch.ExecuteReaderAsync(cancel))
        {
            Assert.True(await reader.ReadAsync(cancel));
            Assert.Equal(1, reader.GetInt32(0));
            Assert.True(await reader.NextResultAsync(cancel));
            Assert.True(await reader.ReadAsync(cancel));
            Assert.Equal(0, reader.GetInt64(0));
        }

        await using var insert = new NpgsqlCommand("INSERT INTO t SELECT $1", db)
        {
            Parameters = { new() { Value = 7 } },
        };
        await insert.PrepareAsync(cancel);
        await insert.ExecuteNonQueryAsync(cancel);
        await using (await db.BeginTransactionAsync(cancel))
        {
            Assert.Equal(1, await insert.ExecuteNonQueryAsync(cancel));
            await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync("SELECT * FROM t FOR UPDATE"));
            Assert.Equal(
                "25P02",
                (await Assert.ThrowsAsync<PostgresException>(() => insert.ExecuteNonQueryAsync(cancel))).SqlState
            );
        }

        await insert.ExecuteNonQueryAsync(cancel);
        Assert.Equal("7\n7", await db.QueryAsync("SELECT id FROM t"));
        Assert.Equal(
            "25001",
            (
                await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync("INSERT INTO t VALUES (8); VACUUM t"))
            ).SqlState
        );
        Assert.Equal("2", await db.QueryAsync("SELECT count(*) FROM t"));
        Assert.Contains("INSERT INTO t SELECT $1", redshift.StandIn.Statements);
    }
}
