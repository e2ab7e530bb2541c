using System.Globalization;
using Headrace.DuckDb;
using Headrace.Tests;
using Npgsql;

namespace Headrace.Bench;

/// <summary>
/// Changes into histories (<c>write: scd2</c>), each beside SQL that somebody would write by hand for the same files.
/// Such SQL takes events in their order and remembers none; Headrace takes them in any.
/// </summary>
/// <param name="rows">Rows of the history; a tenth of them is changed.</param>
internal sealed class HistoryBenchmarks(string cli, string folder, long rows)
{
    private const int Rounds = 3;
    private const string Columns =
        "id bigint, name text, city text, amount decimal(12,2), happened timestamp, seq bigint";

    // What is current of the changed rows comes before their changes; what differs from the one before opens a version.
    private const string ByHand = """
        BEGIN;
        CREATE TEMP TABLE versions AS SELECT * FROM (
            SELECT op, id, name, city, amount, happened, seq,
                lead(happened) OVER (PARTITION BY id ORDER BY happened, seq) AS until FROM (
                SELECT *, lag(ROW(name, city, amount, op = 'D'))
                    OVER (PARTITION BY id ORDER BY happened, seq) AS before FROM (
                    SELECT op, id, name, city, amount, happened, seq FROM changes UNION ALL
                    SELECT 'I', id, name, city, amount, valid_from, -1 FROM byhand.people
                    WHERE is_current AND id IN (SELECT id FROM changes)
                ) AS events
            ) AS events WHERE before IS NULL OR before IS DISTINCT FROM ROW(name, city, amount, op = 'D')
        ) AS versions WHERE op <> 'D';
        DELETE FROM byhand.people WHERE is_current AND id IN (SELECT id FROM changes);
        INSERT INTO byhand.people SELECT id, name, city, amount, happened, until, until IS NULL FROM versions;
        COMMIT
        """;

    private static readonly string Psql = Directory
        .GetDirectories("/usr/lib/postgresql")
        .Select(version => Path.Combine(version, "bin", "psql"))
        .Where(File.Exists)
        .Order()
        .Last();

    public async IAsyncEnumerable<string> AllAsync()
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, DuckDB {DuckDbDatabase.Version}; whole "
                + $"processes, median of {Rounds} after one warm-up. Changes are of a twentieth of the rows, two of "
                + $"each: most open a version, some are equal, some delete."
        );
        yield return "";
        yield return "| what | Headrace | by hand | ratio | bound | peak memory |";
        yield return "|---|---|---|---|---|---|";
        var few = DuckDb("few", rows);
        yield return Row($"{rows / 10:N0} changes into a history of {rows:N0} rows in DuckDB", few, "1.3");
        yield return await PostgresAsync();
        var many = DuckDb("many", rows * 4);
        yield return Row(
            $"{rows / 10:N0} changes into {rows * 4:N0} rows in DuckDB, against the same into {rows:N0} by Headrace",
            [.. many.Zip(few, (large, small) => (large.Mine, small.Mine.Seconds))],
            "1.3"
        );
        yield return Row(
            $"an export of {rows / 10:N0} rows, 1 % of them changed, over a history of as many in DuckDB",
            Export(rows / 10),
            "1.3, 500 MB"
        );
    }

    private List<(Measured Mine, double Theirs)> DuckDb(string name, long count)
    {
        var (project, lake) = Project(name, "{ type: duckdb, path: ./warehouse.duckdb }", "read: cdc");
        var byHand = Path.Combine(folder, $"{name}.duckdb");
        First(Path.Combine(lake, "LOAD00000001.csv"), count);
        Measure.Run(cli, ["-C", project, "run"]);
        Execute(byHand, $"CREATE SCHEMA byhand; CREATE TABLE byhand.people AS {OfFirst(count)}");
        var samples = new List<(Measured, double)>();
        for (var round = 0; round <= Rounds; round++)
        {
            var file = Path.Combine(lake, $"2026010{round + 1}-000000000.csv");
            WriteChanges(file, count, round);
            var script = Script(
                $"CREATE TEMP TABLE changes AS SELECT * FROM read_csv({Sql.Literal(file)}, header = false, "
                    + $"columns = {Types()}); {ByHand}"
            );
            samples.Add((Measure.Run(cli, ["-C", project, "run"]), Bench("sql", byHand, script)));
        }

        Same(Path.Combine(project, "warehouse.duckdb"), byHand);
        Directory.Delete(project, recursive: true);
        File.Delete(byHand);
        return samples;
    }

    private async Task<string> PostgresAsync()
    {
        Environment.SetEnvironmentVariable("PGPASSWORD", "known");
        await using var cluster = await PostgresCluster.StartAsync();
        var database = await cluster.CreateAsync();
        var (project, lake) = Project(
            "postgres",
            $"{{ type: postgres, host: 127.0.0.1, port: {cluster.Port}, database: {database}, user: tester, "
                + "password: \"${PGPASSWORD}\" }",
            "read: cdc"
        );
        First(Path.Combine(lake, "LOAD00000001.csv"), rows);
        Measure.Run(cli, ["-C", project, "run"]);
        await using var db = await cluster.OpenAsync(database);
        await ExecuteAsync(
            db,
            """
            CREATE SCHEMA byhand;
            CREATE TABLE byhand.people AS
                SELECT id, name, city, amount, valid_from, valid_to, is_current FROM raw.people;
            ALTER TABLE byhand.people ADD PRIMARY KEY (id, valid_from)
            """
        );
        var samples = new List<(Measured, double)>();
        for (var round = 0; round <= Rounds; round++)
        {
            await ExecuteAsync(db, "VACUUM ANALYZE");
            var file = Path.Combine(lake, $"2026010{round + 1}-000000000.csv");
            WriteChanges(file, rows, round);
            var script = Script(
                $"CREATE TEMP TABLE changes (op text, {Columns});\n\\copy changes from '{file}' (format csv)\n"
                    + $"ANALYZE changes;\n{ByHand}"
            );
            var theirs = Measure
                .Run(
                    Psql,
                    [
                        .. $"-h 127.0.0.1 -p {cluster.Port} -U tester -d {database} -qAtX".Split(' '),
                        .. (string[])["-v", "ON_ERROR_STOP=1", "-f", script],
                    ]
                )
                .Seconds;
            samples.Add((Measure.Run(cli, ["-C", project, "run"]), theirs));
        }

        await using var differ = new NpgsqlCommand(Differ("raw.people", "byhand.people"), db) { CommandTimeout = 0 };
        Assert(Convert.ToInt64(await differ.ExecuteScalarAsync(), CultureInfo.InvariantCulture));
        Directory.Delete(project, recursive: true);
        return Row($"{rows / 10:N0} changes into a history of {rows:N0} rows in PostgreSQL", samples, "1.3");
    }

    private List<(Measured Mine, double Theirs)> Export(long count)
    {
        var (project, lake) = Project(
            "export",
            "{ type: duckdb, path: ./warehouse.duckdb }",
            "read: snapshot\n    complete_when: { settle: 0s }"
        );
        var byHand = Path.Combine(folder, "export.duckdb");
        Execute(
            byHand,
            "CREATE SCHEMA byhand; CREATE TABLE byhand.people (id bigint, name text, city text, amount decimal(12,2), "
                + "valid_from timestamptz, valid_to timestamptz, is_current boolean)"
        );
        var samples = new List<(Measured, double)>();
        for (var round = 0; round <= Rounds + 1; round++)
        {
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(lake, $"v{round}")).FullName, "part.csv");
            Write(
                file,
                $"SELECT i AS id, 'customer ' || i || CASE WHEN i % 100 < {round} THEN ' {round}' ELSE '' END AS name, "
                    + $"'city ' || i % 1000 AS city, CAST(i % 100000 / 100.0 AS DECIMAL(12,2)) AS amount "
                    + $"FROM range({count}) AS t(i)",
                hasHeader: true
            );
            var script = Script(
                $"""
                CREATE TEMP TABLE export AS SELECT * FROM read_csv({Sql.Literal(file)}, header = true,
                    columns = {Types("id bigint, name text, city text, amount decimal(12,2)")});
                BEGIN;
                CREATE TEMP TABLE differing AS SELECT p.id AS gone, e.* FROM (FROM byhand.people WHERE is_current) AS p
                    FULL JOIN export AS e ON e.id = p.id
                    WHERE (e.name, e.city, e.amount) IS DISTINCT FROM (p.name, p.city, p.amount);
                UPDATE byhand.people AS p SET valid_to = now(), is_current = false FROM differing AS n
                    WHERE p.id = n.gone AND is_current;
                INSERT INTO byhand.people SELECT id, name, city, amount, now(), NULL, true FROM differing
                    WHERE id IS NOT NULL;
                COMMIT
                """
            );
            samples.Add((Measure.Run(cli, ["-C", project, "run"]), Bench("sql", byHand, script)));
        }

        Same(Path.Combine(project, "warehouse.duckdb"), byHand, "id, name, city, amount, is_current");
        Directory.Delete(project, recursive: true);
        return [.. samples.Skip(1)]; // the first export makes the history
    }

    private (string Folder, string Lake) Project(string name, string warehouse, string read)
    {
        var (project, isExport) = (Path.Combine(folder, name), read.Contains("snapshot", StringComparison.Ordinal));
        var (lake, path) = (Path.Combine(project, "lake", "people"), isExport ? "people/{version}/*" : "people/*");
        Directory.CreateDirectory(lake);
        File.WriteAllText(
            Path.Combine(project, "headrace.yaml"),
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: {{warehouse}}
            defaults: { target: { connection: warehouse, schema: raw }, settle: 0s }
            flows:
              people:
                source: { connection: lake, path: "{{path}}", format: csv, csv: { header: {{(
                isExport ? "true" : "false"
            )}} } }
                columns: { {{(
                isExport ? "id: bigint, name: text, city: text, amount: 'decimal(12,2)'" : Listed
            )}} }
                {{read}}
                primary_key: id
                write: scd2
                {{(isExport ? "" : "cdc: { order_by: [seq] }\n    scd2: { effective_at: happened }")}}

            """
        );
        return (project, lake);
    }

    private static string Listed =>
        string.Join(", ", Split(Columns).Select(column => $"{column.Name}: '{column.Type}'"));

    private static string Types(string columns = "op text, " + Columns) =>
        $"{{{string.Join(", ", Split(columns).Select(column => $"'{column.Name}': '{column.Type}'"))}}}";

    private static IEnumerable<(string Name, string Type)> Split(string columns) =>
        columns.Split(", ").Select(column => (column[..column.IndexOf(' ')], column[(column.IndexOf(' ') + 1)..]));

    private static string OfFirst(long count) =>
        $"""
            SELECT i::bigint AS id, 'customer ' || i AS name, 'city ' || i % 1000 AS city,
                CAST(i % 100000 / 100.0 AS DECIMAL(12,2)) AS amount, TIMESTAMP '2025-01-01' AS valid_from,
                NULL::TIMESTAMP AS valid_to, true AS is_current
            FROM range({count.ToString(CultureInfo.InvariantCulture)}) AS t(i)
            """;

    private void First(string file, long count) =>
        Write(file, $"SELECT id, name, city, amount, valid_from, NULL FROM ({OfFirst(count)})");

    // Two of each: the second one of some deletes, and of some says nothing new.
    private void WriteChanges(string file, long count, int round) =>
        Write(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT CASE WHEN n = 1 AND k % 10 = 9 THEN 'D' ELSE 'U' END, id,
                    'customer ' || id || ' {round} ' || CASE WHEN k % 10 = 8 THEN 0 ELSE n END, 'city ' || id % 1000,
                    CAST(id % 100000 / 100.0 AS DECIMAL(12,2)), TIMESTAMP '2026-01-0{round + 1}' + INTERVAL (n) HOUR,
                    {round * rows} + k * 2 + n
                FROM (SELECT k, n, (k * {count / (rows / 20)} + {round}) % {count} AS id
                    FROM range({rows / 20}) AS t(k), range(2) AS u(n)) ORDER BY n, k
                """
            )
        );

    private static void Write(string file, string sql, bool hasHeader = false)
    {
        Execute(DuckDbDatabase.Memory, $"COPY ({sql}) TO {Sql.Literal(file)} (FORMAT csv, HEADER {hasHeader})");
        File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    private string Script(string sql)
    {
        var path = Path.Combine(folder, "by-hand.sql");
        File.WriteAllText(path, sql + ";\n");
        return path;
    }

    private static double Bench(params string[] words) =>
        Measure.Run("dotnet", [typeof(HistoryBenchmarks).Assembly.Location, .. words]).Seconds;

    /// <summary>Runs statements in a database file.</summary>
    public static void Execute(string database, string sql)
    {
        using var file = DuckDbDatabase.Open(database);
        using var db = file.Connect();
        db.Execute(sql, default);
    }

    private static void Same(
        string mine,
        string theirs,
        string columns = "id, name, city, amount, valid_from, valid_to, is_current"
    )
    {
        using var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using var db = memory.Connect();
        db.Execute(
            $"ATTACH {Sql.Literal(mine)} AS mine (READ_ONLY); ATTACH {Sql.Literal(theirs)} AS theirs (READ_ONLY)",
            default
        );
        Assert(db.Scalar<long>(Differ("mine.raw.people", "theirs.byhand.people", columns), default));
    }

    private static string Differ(
        string mine,
        string theirs,
        string columns = "id, name, city, amount, valid_from, valid_to, is_current"
    ) =>
        $"SELECT count(*) FROM ((SELECT {columns} FROM {mine} EXCEPT ALL SELECT {columns} FROM {theirs}) UNION ALL "
        + $"(SELECT {columns} FROM {theirs} EXCEPT ALL SELECT {columns} FROM {mine})) AS differ";

    private static void Assert(long different)
    {
        if (different > 0)
            throw new InvalidOperationException($"{different} versions are not those that were made by hand.");
    }

    private static async Task ExecuteAsync(NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    private static string Row(string what, IReadOnlyList<(Measured Mine, double Theirs)> samples, string bound)
    {
        var counted = samples.Skip(1).ToList(); // the first is the warm-up
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {Measure.Median(counted.Select(sample => sample.Mine.Seconds)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Theirs)):0.00} s "
                + $"| {Measure.Median(counted.Select(sample => sample.Mine.Seconds / sample.Theirs)):0.00} | {bound} "
                + $"| {counted.Max(sample => sample.Mine.PeakMb):0} MB |"
        );
    }
}
