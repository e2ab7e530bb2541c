using System.Globalization;
using Headrace.DuckDb;
using Headrace.Tests;
using Npgsql;

namespace Headrace.Bench;

/// <summary>The benchmarks of tables of PostgreSQL, each beside what psql takes for the same work.</summary>
internal sealed class TableBenchmarks(string cli, string folder, PostgresCluster cluster, string source, string target)
{
    private const int Rounds = 5;
    private const string Shape =
        "(pk bigint PRIMARY KEY, name text, amount numeric(12,2), d date, token text, qty int, addr text, "
        + "note text, updated_at timestamptz NOT NULL, flag boolean)";

    private static readonly string Psql = Directory
        .GetDirectories("/usr/lib/postgresql")
        .Select(version => Path.Combine(version, "bin", "psql"))
        .Where(File.Exists)
        .Order()
        .Last();

    public static async IAsyncEnumerable<string> AllAsync(string cli, string folder)
    {
        Environment.SetEnvironmentVariable("PGPASSWORD", "known");
        await using var cluster = await PostgresCluster.StartAsync();
        var bench = new TableBenchmarks(cli, folder, cluster, await cluster.CreateAsync(), await cluster.CreateAsync());
        await foreach (var line in bench.LinesAsync())
            yield return line;
    }

    private async IAsyncEnumerable<string> LinesAsync()
    {
        await FillAsync("million", 1_000_000);
        yield return $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, "
            + $"DuckDB {DuckDbDatabase.Version}, PostgreSQL {await ValueAsync(source, "SHOW server_version")}, "
            + $"both databases and Headrace on one machine; whole processes, median of {Rounds} after one warm-up";
        yield return "";
        yield return "| what | Headrace | baseline | ratio | bound | peak memory |";
        yield return "|---|---|---|---|---|---|";
        yield return await FirstAsync("PostgreSQL", "pg", "1.3, 250 MB");
        yield return await FirstAsync("DuckDB", "duck", "1.0");
        var longest = await LongestAsync();
        yield return await FilesAsync();
        foreach (var row in await VerifyAsync())
            yield return row;
        foreach (var row in await IncrementsAsync())
            yield return row;
        yield return "";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"The longest query on the source during a first sync of 1M × 10 took {longest:0} ms."
        );
    }

    private async Task FillAsync(string table, int rows)
    {
        await ExecuteAsync(
            source,
            $"""
            CREATE TABLE {table} {Shape};
            INSERT INTO {table} SELECT i, 'customer ' || i, (i % 100000) / 100.0, date '2020-01-01' + (i % 1500)::int,
                md5(i::text), i % 1000, 'Street ' || (i % 10000) || ', City',
                CASE WHEN i % 10 = 0 THEN NULL ELSE 'x' || i END, timestamptz '2024-01-01' + (i % 86400) * interval
                    '1 second', i % 5 = 0 FROM generate_series(1, {rows}) AS i;
            CREATE INDEX ON {table} (updated_at);
            ANALYZE {table}
            """
        );
    }

    private async Task<string> FirstAsync(string name, string warehouse, string bound)
    {
        var samples = new List<(Measured Mine, double Theirs)>();
        for (var round = 0; round <= Rounds; round++)
        {
            var theirs = await PipeAsync();
            await ExecuteAsync(target, "DROP SCHEMA IF EXISTS raw CASCADE; DROP SCHEMA IF EXISTS headrace CASCADE");
            var project = Project($"first-{warehouse}-{round}", warehouse, "million", Flow("million"));
            samples.Add((Headrace(project, "run"), theirs));
            var rows = warehouse == "pg" ? await ValueAsync(target, "SELECT count(*) FROM raw.million") : "1000000";
            if (rows != "1000000")
                throw new InvalidOperationException($"{rows} rows of 1,000,000 arrived.");
            Directory.Delete(project, recursive: true);
        }

        return Row(
            $"first sync of 1M × 10 into {name}, against `psql … copy to stdout \\| psql … copy from stdin`",
            samples,
            bound
        );
    }

    private async Task<string> FilesAsync()
    {
        var csv = Path.Combine(folder, "million.csv.gz");
        Shell($"{Client(source)} -c \"copy million to stdout (format csv, header)\" | gzip -6 > {csv}");
        File.SetLastWriteTimeUtc(csv, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var samples = new List<(Measured Mine, double Theirs)>();
        for (var round = 0; round <= Rounds; round++)
        {
            await ExecuteAsync(
                target,
                $"""
                DROP TABLE IF EXISTS baseline;
                CREATE TABLE baseline {Shape.Replace(" PRIMARY KEY", "", StringComparison.Ordinal)};
                DROP SCHEMA IF EXISTS raw CASCADE; DROP SCHEMA IF EXISTS headrace CASCADE
                """
            );
            var theirs = Shell(
                $"gunzip -c {csv} | {Client(target)} -c \"copy baseline from stdin (format csv, header)\""
            );
            var project = Project(
                $"files-{round}",
                "pg",
                "files",
                """
                source: { connection: lake, path: "*.csv.gz", format: csv }
                    columns: { pk: bigint, name: text, amount: 'decimal(12,2)', d: date, token: text, qty: integer, addr: text, note: text, updated_at: timestamptz, flag: boolean }
                    read: incremental
                    write: append
                    target: { table: million }
                """
            );
            File.Copy(csv, Path.Combine(project, "lake", "million.csv.gz"));
            File.SetLastWriteTimeUtc(
                Path.Combine(project, "lake", "million.csv.gz"),
                new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc)
            );
            samples.Add((Headrace(project, "run"), theirs));
            if (await ValueAsync(target, "SELECT count(*) FROM raw.million") is var rows and not "1000000")
                throw new InvalidOperationException($"{rows} rows of 1,000,000 arrived.");
            Directory.Delete(project, recursive: true);
        }

        return Row(
            "append 1M × 10, CSV.gz, to PostgreSQL, against `gunzip -c \\| psql … copy from stdin (format csv)`",
            samples,
            "2.0"
        );
    }

    private async Task<IReadOnlyList<string>> VerifyAsync()
    {
        await ExecuteAsync(target, "DROP SCHEMA IF EXISTS raw CASCADE; DROP SCHEMA IF EXISTS headrace CASCADE");
        var project = Project("verify", "pg", "million", Flow("million"));
        Headrace(project, "run");
        var nothing = Enumerable.Range(0, Rounds + 1).Select(_ => (Headrace(project, "run"), double.NaN)).ToList();
        await ExecuteAsync(
            target,
            """
            UPDATE raw.million SET amount = amount + 1 WHERE pk % 1000 = 1; DELETE FROM raw.million
            WHERE pk % 1000 = 2; ANALYZE raw.million
            """
        );
        var samples = new List<(Measured Mine, double Theirs)>();
        for (var round = 0; round <= Rounds; round++)
        {
            var theirs = await PipeAsync();
            samples.Add((Headrace(project, "verify", allowed: 3), theirs));
        }

        Headrace(project, "verify", "--repair");
        Headrace(project, "verify");
        Directory.Delete(project, recursive: true);
        return
        [
            Row("`verify` of 1M × 10 in two databases, 2,000 rows different, against the same pipe", samples, "2.0"),
            Row("nothing to do, process start included", nothing, "0.3 s"),
        ];
    }

    private async Task<IReadOnlyList<string>> IncrementsAsync()
    {
        await FillAsync("ten", 10_000_000);
        await ExecuteAsync(target, "DROP SCHEMA IF EXISTS raw CASCADE; DROP SCHEMA IF EXISTS headrace CASCADE");
        var rows = new List<string>();
        foreach (var (warehouse, name) in ((string, string)[])[("pg", "PostgreSQL"), ("duck", "DuckDB")])
            rows.Add(await IncrementsAsync(warehouse, name));
        return rows;
    }

    private async Task<string> IncrementsAsync(string warehouse, string name)
    {
        var (small, large) = (
            Project($"small-{warehouse}", warehouse, "million", Flow("million")),
            Project($"large-{warehouse}", warehouse, "ten", Flow("ten"))
        );
        Headrace(small, "run");
        Headrace(large, "run");
        await ExecuteAsync(source, "VACUUM ANALYZE");
        await ExecuteAsync(target, "VACUUM ANALYZE");
        var samples = new List<(Measured Mine, double Theirs)>();
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (table, count) in ((string, int)[])[("million", 1_000_000), ("ten", 10_000_000)])
                await ExecuteAsync(
                    source,
                    $"UPDATE {table} SET qty = qty + 1, updated_at = now() WHERE pk % {count / 1000} = {round}"
                );
            var theirs = Headrace(small, "run").Seconds;
            samples.Add((Headrace(large, "run"), theirs));
        }

        return Row($"1,000 changed rows of 10M into {name}, against the same of 1M", samples, "1.5");
    }

    // What psql takes for the whole table.
    private async Task<double> PipeAsync()
    {
        await ExecuteAsync(target, $"DROP TABLE IF EXISTS baseline; CREATE TABLE baseline {Shape}");
        return Shell($"{Client(source)} -c 'copy million to stdout' | {Client(target)} -c 'copy baseline from stdin'");
    }

    // The server's own log says how long each statement of the source database took.
    private async Task<double> LongestAsync()
    {
        await ExecuteAsync("postgres", $"ALTER DATABASE {source} SET log_min_duration_statement = 0");
        var project = Project("longest", "duck", "million", Flow("million"));
        Headrace(project, "run");
        Directory.Delete(project, recursive: true);
        await ExecuteAsync("postgres", $"ALTER DATABASE {source} RESET log_min_duration_statement");
        return double.Parse(
            await ValueAsync(
                "postgres",
                """
                SELECT max(d[1]::float8)::text
                FROM regexp_matches(pg_read_file(regexp_replace(current_setting('data_directory'), 'data$',
                'log')), 'duration: ([0-9.]+) ms', 'g') AS d
                """
            ),
            CultureInfo.InvariantCulture
        );
    }

    private string Project(string name, string warehouse, string table, string flow)
    {
        var project = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.Combine(project, "lake"));
        File.WriteAllText(
            Path.Combine(project, "headrace.yaml"),
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              shop: { type: postgres, host: 127.0.0.1, port: {{cluster.Port}}, database: {{source}}, user: tester, password: "${PGPASSWORD}" }
              pg: { type: postgres, host: 127.0.0.1, port: {{cluster.Port}}, database: {{target}}, user: tester, password: "${PGPASSWORD}" }
              duck: { type: duckdb, path: ./warehouse.duckdb }
            defaults: { target: { connection: {{warehouse}}, schema: raw } }
            flows:
              {{table}}:
                {{flow}}

            """
        );
        return project;
    }

    private static string Flow(string table) =>
        $"source: {{ connection: shop, table: {table} }}\n    read: incremental\n    primary_key: pk\n"
        + $"    update_key: updated_at\n    write: merge\n    target: {{ table: {table} }}";

    private Measured Headrace(string project, string command, string? option = null, int allowed = 0) =>
        Measure.Run(cli, ["-C", project, command, .. option is null ? (string[])[] : [option]], out _, allowed);

    private static double Shell(string command) => Measure.Run("bash", ["-c", $"set -o pipefail; {command}"]).Seconds;

    private string Client(string database) =>
        $"{Psql} -h 127.0.0.1 -p {cluster.Port} -U tester -d {database} -qAtX -v ON_ERROR_STOP=1";

    private async Task ExecuteAsync(string database, string sql)
    {
        await using var db = await cluster.OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, db) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> ValueAsync(string database, string sql)
    {
        await using var db = await cluster.OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, db);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
    }

    private static string Row(string what, IReadOnlyList<(Measured Mine, double Theirs)> samples, string bound)
    {
        var counted = samples.Skip(1).ToList(); // the first is the warm-up
        var theirs = Measure.Median(counted.Select(sample => sample.Theirs));
        var ratio = Measure.Median(counted.Select(sample => sample.Mine.Seconds / sample.Theirs));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {Measure.Median(counted.Select(sample => sample.Mine.Seconds)):0.00} "
                + $"s | {(double.IsNaN(theirs) ? "" : $"{theirs:0.00} s")} | "
                + $"{(double.IsNaN(ratio) ? "" : $"{ratio:0.00}")} | {bound} | "
                + $"{counted.Max(sample => sample.Mine.PeakMb):0} MB |"
        );
    }
}
